"""Tests of core/persistence; every repository is tried on SQLite and on PostgreSQL."""
