"""Going on from a bundle with other pictures, as a night does."""
