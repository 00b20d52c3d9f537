"""The platform: accounts, syncing, figures, screens. Rooms and their borders: docs/architecture.md."""
