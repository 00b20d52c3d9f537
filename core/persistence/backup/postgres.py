"""PostgreSQL's own tools: pg_dump writes a backup, pg_restore loads it; and what a database is emptied of before."""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from psycopg.conninfo import make_conninfo
from sqlalchemy import create_engine, text

from core.errors import StorageUnavailableError
from core.persistence.backup.contents import Contents, count_rows, engine_of
from core.persistence.engine import parse_url
from core.persistence.rights import make_roles

SNAPSHOT = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
OWN_TABLES = """
    SELECT format('DROP TABLE %s CASCADE', c.oid::regclass) FROM pg_class c
    WHERE c.relkind IN ('r', 'p') AND c.relnamespace = current_schema()::regnamespace
    AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = c.oid AND deptype = 'e')
"""
OWN_FUNCTIONS = """
    SELECT format('DROP FUNCTION %s CASCADE', p.oid::regprocedure) FROM pg_proc p
    WHERE p.prokind = 'f' AND p.pronamespace = current_schema()::regnamespace
    AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = p.oid AND deptype = 'e')
"""
MAY_CREATE = "SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user"


def can_dump(url: str, bin_dir: Path | None) -> bool:
    """Tell whether pg_dump and pg_restore are at hand and as new as the server: older ones refuse it."""
    tools = [_find(name, bin_dir) for name in ("pg_dump", "pg_restore")]
    if None in tools:
        return False
    with engine_of(url) as engine, engine.connect() as connection:
        server = int(connection.execute(text("SHOW server_version_num")).scalar_one()) // 10_000
    return all(_version_of(str(tool)) >= server for tool in tools)


def dump(url: str, target: Path, bin_dir: Path | None) -> Contents:
    """Write a custom-format archive with pg_dump, and count the rows of the same snapshot."""
    with engine_of(url) as engine, engine.connect().execution_options(**SNAPSHOT) as connection:
        snapshot = connection.execute(text("SELECT pg_export_snapshot()")).scalar_one()
        with _reaching(url) as conninfo:
            _run("pg_dump", bin_dir, f"--dbname={conninfo}", f"--snapshot={snapshot}", "--format=custom",
                 "--no-owner", "--no-privileges", "--enable-row-security", f"--file={target}")  # fmt: skip
        return count_rows(connection)


def load(path: Path, url: str, bin_dir: Path | None) -> None:
    """Load an archive of pg_dump into an empty database, all of it or nothing."""
    with _reaching(url) as conninfo:
        _run("pg_restore", bin_dir, f"--dbname={conninfo}", "--no-owner", "--no-privileges",
             "--exit-on-error", "--single-transaction", str(path))  # fmt: skip


def prepare(url: str) -> None:
    """Make the roles that an archive's policies name, where the server has none yet."""
    with engine_of(url) as engine, engine.begin() as connection:
        make_roles(connection)


def empty(url: str) -> None:
    """Drop every table and function of the database's schema, those of extensions aside."""
    with engine_of(url) as engine, engine.begin() as connection:
        for listing in (OWN_TABLES, OWN_FUNCTIONS):
            for statement in connection.execute(text(listing)).scalars().all():
                connection.execute(text(statement))


def may_make_databases(url: str) -> bool:
    """Tell whether the role of the URL may make a database to try a backup in."""
    with engine_of(url) as engine, engine.connect() as connection:
        return bool(connection.execute(text(MAY_CREATE)).scalar_one())


@contextmanager
def scratch_database(url: str, name: str) -> Iterator[str]:
    """Make an empty database beside this one and give out its URL; it goes at the end.

    Raises:
        StorageUnavailableError: the role may not make databases; the text says what to do.
    """
    parsed = parse_url(url)
    admin = create_engine(parsed, isolation_level="AUTOCOMMIT", hide_parameters=True)
    try:
        with admin.connect() as connection:
            if not connection.execute(text(MAY_CREATE)).scalar_one():
                raise StorageUnavailableError(
                    "the database role may not make the temporary database that a backup is restored into: "
                    "let it (ALTER ROLE … CREATEDB)"
                )
            connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE template0'))
            try:
                yield parsed.set(database=name).render_as_string(hide_password=False)
            finally:
                connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
    finally:
        admin.dispose()


@contextmanager
def _reaching(url: str) -> Iterator[str]:
    """Give out what the tools need to connect; a password goes by a file, never by the command line."""
    parsed = parse_url(url)
    password = None if parsed.password is None else str(parsed.password)
    values = {"host": parsed.host, "port": parsed.port, "user": parsed.username, "dbname": parsed.database}
    values |= {name: value if isinstance(value, str) else ",".join(value) for name, value in parsed.query.items()}
    password = str(values.pop("password", None) or password or "")
    with tempfile.TemporaryDirectory(prefix="ga-pass-") as folder:
        if password:
            file = Path(folder) / "pass"
            file.touch(0o600)
            file.write_text("*:*:*:*:" + re.sub(r"([\\:])", r"\\\1", password) + "\n", encoding="utf-8")
            values["passfile"] = str(file)
        yield make_conninfo("", **{name: value for name, value in values.items() if value is not None})


def _find(name: str, bin_dir: Path | None) -> str | None:
    return shutil.which(name, path=None if bin_dir is None else str(bin_dir))


def _version_of(tool: str) -> int:
    said = subprocess.run([tool, "--version"], capture_output=True, text=True, check=False)  # noqa: S603 - found on PATH
    found = re.search(r"(\d+)(?:\.\d+)*\s*(?:\(|$)", said.stdout)
    return int(found[1]) if found else 0


def _run(name: str, bin_dir: Path | None, *arguments: str) -> None:
    tool = _find(name, bin_dir)
    if tool is None:
        raise StorageUnavailableError(f"{name} is not on this machine: install it, or set GA_PG_BIN_DIR to its folder")
    done = subprocess.run([tool, "--no-password", *arguments], capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[0]
        raise StorageUnavailableError(f"{name} failed: {last}")
