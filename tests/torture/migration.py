"""Migrations killed with -9 at any moment: the schema is the old one or the new one, and what was stored is there."""

import argparse
import random
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from alembic import command
from sqlalchemy import Engine, inspect, text

from core.persistence import migrate
from core.persistence.engine import StorageRole, make_engine, parse_url
from core.persistence.schema import make_config
from tests.databases import BACKENDS, copied_url, empty_url
from tests.torture.kill import context
from tests.torture.summary import Summary

COUNT = 100
OLD = "0001"
LONGEST_SECONDS = 0.4
PERSON = (
    "INSERT INTO users (id, login, name, role, currency, language, time_zone, is_active, is_demo, created_at) VALUES "
    "('11111111111111111111111111111111', 'ana', 'Ana', 'client', 'USD', 'en', 'UTC', true, false, "
    "'2026-01-01 00:00:00.000000')"
)
Shape = tuple[str | None, tuple[str, ...]]  # revision and every column and index


@dataclass(slots=True)
class Outcome:
    """How migrations ended: `ends` counts old and new schemas, `faults` what was neither or lost something."""

    ends: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)


def shape_of(url: str) -> Shape:
    """Return what a database's schema is made of."""
    with _engine(url) as engine, engine.connect() as connection:
        look = inspect(connection)
        parts = []
        for table in sorted(look.get_table_names()):
            parts += [f"{table}.{column['name']} {column['type']!r}" for column in look.get_columns(table)]
            parts += [f"{table}: {index['name']}" for index in look.get_indexes(table)]
        revision = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
        return revision, tuple(sorted(parts))


def people_of(url: str) -> list[str]:
    """Return who is stored."""
    with _engine(url) as engine, engine.connect() as connection:
        return list(connection.execute(text("SELECT login FROM users")).scalars())


def make_old(url: str) -> None:
    """Make a database as the first release left it, with a person in it."""
    if url.startswith("sqlite"):
        Path(url.removeprefix("sqlite:///")).touch()
    config = make_config()
    with _engine(url) as engine, engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, OLD)
        connection.execute(text(PERSON))


def kill_migrations(backend: str, folder: Path, count: int, seed: int = 1) -> Outcome:
    """Kill that many migrations on one kind of database, judge what each left, and migrate to the end."""
    rng, outcome = random.Random(f"{seed} {backend}"), Outcome()
    with empty_url(backend, folder) as pattern:
        make_old(pattern)
        old = shape_of(pattern)
        with copied_url(pattern, folder) as url:
            migrate(url)
            new = shape_of(url)
        for number in range(1, count + 1):
            with copied_url(pattern, folder) as url:
                _kill_one(url, rng.uniform(0, LONGEST_SECONDS))
                found = shape_of(url)
                name = {old: "old", new: "new"}.get(found, "torn")
                outcome.ends[name] += 1
                whole = people_of(url) == ["ana"]
                migrate(url)
                if name == "torn" or not whole or shape_of(url) != new or people_of(url) != ["ana"]:
                    outcome.faults.append(f"{backend} migration {number}: {name} {found[0]}")
    return outcome


def _kill_one(url: str, seconds: float) -> None:
    process = context.Process(target=migrate, args=(url,), daemon=True)
    process.start()
    time.sleep(seconds)
    process.kill()
    process.join()


@contextmanager
def _engine(url: str) -> Iterator[Engine]:
    engine = make_engine(parse_url(url), role=StorageRole.CLI, foreign_keys=False)
    try:
        yield engine
    finally:
        engine.dispose()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this torture."""
    parser.add_argument("--count", type=int, default=COUNT, help="kills on each database (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="default: %(default)s")


def run(options: argparse.Namespace) -> Summary:
    """Kill migrations on both databases."""
    facts, faults = {}, []
    for backend in BACKENDS:
        with tempfile.TemporaryDirectory(prefix="ga-migration-") as folder:
            outcome = kill_migrations(backend, Path(folder), options.count, options.seed)
        facts[f"{backend}: ended old, new, torn"] = ", ".join(str(outcome.ends[end]) for end in ("old", "new", "torn"))
        faults += outcome.faults
    return Summary("migration", facts, faults)
