"""Vault, passwords, tokens, audit chain and scrubber: everything that handles secrets, and nothing else."""
