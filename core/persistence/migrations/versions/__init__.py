"""Alembic revisions, which run on SQLite and PostgreSQL."""
