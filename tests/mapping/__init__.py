"""Ledger mapping by exchange: months of the seeded world, read as the sidecar reads, make books that close."""
