"""The sidecar's engine: what is due, budgets, verification, ingest, and the runner that drives them."""
