"""All that is known of parts: one part's story, and selections to take away."""
