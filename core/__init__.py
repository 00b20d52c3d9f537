"""The platform: accounts, syncing, figures, screens. Rooms and their borders: docs/architecture.md."""

__version__ = "0.1.0"
