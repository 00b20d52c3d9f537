"""Use cases; every function takes the Scope of who asks."""
