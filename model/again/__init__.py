"""What the retrain station teaches: a first model from nothing, and going on from a bundle, as a night does."""
