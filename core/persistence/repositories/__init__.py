"""Repositories: one per noun; they return domain types and never commit."""
