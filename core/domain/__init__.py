"""Pure nouns and arithmetic of the platform."""
