"""Who may do what in PostgreSQL: the roles of the processes, grants by column, row-level security on tenant tables.

Each process works as one group role (`SET ROLE` at connect), none of which is superuser or passes row-level security:
`ga_web` sees the rows of the clients that its transaction names and no sealed column, `ga_sync` and the owner see every
row, `ga_backup` reads everything and writes nothing. Source: SECURITY-MODEL.md section 7;
https://www.postgresql.org/docs/current/ddl-rowsecurity.html (read 2026-11-30).
"""

import hashlib
from collections.abc import Iterator
from functools import lru_cache

from sqlalchemy import Connection, Table, text
from sqlalchemy.exc import ProgrammingError

from core.errors import ConfigurationError
from core.persistence.engine import ROLE_NAMES, SEALED_COLUMNS, StorageRole
from core.persistence.models import Base

VERSIONS = "alembic_version"
APPEND_ONLY = frozenset({"audit_log"})
NOT_OF_TENANTS = frozenset({"audit_log", "login_sessions", "one_time_links"})  # read before anybody's scope is known
OWNERS = ("client_id", "user_id")
WEB, SYNC, BACKUP = (ROLE_NAMES[role] for role in (StorageRole.WEB, StorageRole.SYNC, StorageRole.BACKUP))
ALL_ROLES = f"{WEB}, {SYNC}, {BACKUP}"
SET_CLIENTS = "SELECT set_config('app.client_ids', :client_ids, true), set_config('app.every_client', :every, true)"
MAKE_ROLE = """
    DO $$ BEGIN
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN
            CREATE ROLE {role} NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
        END IF;
        IF NOT pg_has_role(current_user, '{role}', CASE
            WHEN current_setting('server_version_num')::int < 160000 THEN 'MEMBER' ELSE 'SET' END
        ) THEN
            GRANT {role} TO CURRENT_USER;
        END IF;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;  -- another database of this server was quicker
    END $$
"""
NEXT_NUMBER, KEY_HOLDER = "ga_next_account_number", "ga_key_holder"
AS_OWNER = "LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp"
FUNCTIONS = (  # the two questions about every client that web may ask; each answer names nobody
    f"CREATE OR REPLACE FUNCTION {NEXT_NUMBER}() RETURNS integer {AS_OWNER} AS "  # noqa: S608 - fixed names
    "$$ SELECT coalesce(max(number), 0) + 1 FROM exchange_accounts $$",
    f"CREATE OR REPLACE FUNCTION {KEY_HOLDER}(wanted text) RETURNS uuid {AS_OWNER} AS "  # noqa: S608 - fixed names
    "$$ SELECT id FROM exchange_accounts WHERE duplicate_index = wanted ORDER BY number LIMIT 1 $$",
    f"REVOKE ALL ON FUNCTION {NEXT_NUMBER}(), {KEY_HOLDER}(text) FROM PUBLIC",
    f"GRANT EXECUTE ON FUNCTION {NEXT_NUMBER}(), {KEY_HOLDER}(text) TO {WEB}, {SYNC}",
)
LACKING = """
    SELECT count(*) FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')
    AND (NOT has_table_privilege('{web}', c.oid, 'INSERT') OR NOT has_table_privilege('{backup}', c.oid, 'SELECT'))
    AND c.relname <> '{versions}'
"""


def make_roles(connection: Connection) -> None:
    """Make the roles that are missing on the server.

    Raises:
        ConfigurationError: the owner may not make roles; the text says what to run.
    """
    for role in (WEB, SYNC, BACKUP):
        try:
            connection.execute(text(MAKE_ROLE.format(role=role)))
        except ProgrammingError as e:
            raise ConfigurationError(
                f"the database role may not make the roles {ALL_ROLES}: let an administrator run "
                f"`CREATE ROLE {role}` for each, and `GRANT {ALL_ROLES} TO` the role of the URL"
            ) from e


def apply(connection: Connection) -> None:
    """Give every role its rights on the tables of the newest schema, whatever they were before."""
    make_roles(connection)
    for statement in statements():
        connection.execute(text(statement))
    connection.execute(text(f"COMMENT ON TABLE {VERSIONS} IS '{fingerprint()}'"))


def are_current(connection: Connection) -> bool:
    """Tell whether the rights are those of this program: given by the same statements, and lacking on no table."""
    names = set(connection.execute(text("SELECT rolname FROM pg_roles WHERE rolname LIKE 'ga\\_%'")).scalars())
    if not {WEB, SYNC, BACKUP} <= names:
        return False
    noted = connection.execute(text(f"SELECT obj_description('{VERSIONS}'::regclass)")).scalar_one()
    if noted != fingerprint():
        return False
    query = LACKING.format(web=WEB, backup=BACKUP, versions=VERSIONS)
    lacking: int = connection.execute(text(query)).scalar_one()
    return lacking == 0


@lru_cache(maxsize=1)
def fingerprint() -> str:
    """Return a digest of everything that `apply` does."""
    return "rights " + hashlib.sha256("\n".join(statements()).encode()).hexdigest()[:32]


@lru_cache(maxsize=1)
def statements() -> tuple[str, ...]:
    """Return the grants and policies of all tables, in order; they may be run again and again."""
    tables = sorted(Base.metadata.tables.values(), key=lambda table: table.name)
    made = [
        "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC",
        f"GRANT USAGE ON SCHEMA public TO {ALL_ROLES}",
        f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {BACKUP}, {SYNC}",
        f"GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO {BACKUP}",
        f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {WEB}, {SYNC}",
        f"GRANT SELECT ON {VERSIONS} TO {WEB}",
    ]
    for table in tables:
        made += _grants(table)
        if owner_column(table) is not None:
            made += _policies(table)
    return (*made, *FUNCTIONS)


def owner_column(table: Table) -> str | None:
    """Return the column that names the client of a tenant table's rows, None for other tables."""
    if table.name in NOT_OF_TENANTS:
        return None
    return next((name for name in OWNERS if name in table.columns), None)


def _grants(table: Table) -> Iterator[str]:
    sealed = {column for name, column in SEALED_COLUMNS if name == table.name}
    write = "INSERT" if table.name in APPEND_ONLY else "INSERT, UPDATE, DELETE"
    yield f'REVOKE ALL ON "{table.name}" FROM {WEB}'
    yield f'GRANT {write} ON "{table.name}" TO {WEB}, {SYNC}'
    if sealed:
        open_columns = ", ".join(f'"{column.name}"' for column in table.columns if column.name not in sealed)
        yield f'GRANT SELECT ({open_columns}) ON "{table.name}" TO {WEB}'
    else:
        yield f'GRANT SELECT ON "{table.name}" TO {WEB}'


def _policies(table: Table) -> Iterator[str]:
    name, column = f'"{table.name}"', owner_column(table)
    named = "string_to_array(nullif(current_setting('app.client_ids', true), ''), ',')::uuid[]"
    own = f"(SELECT current_setting('app.every_client', true)) = 'on' OR {column} = ANY ((SELECT {named})::uuid[])"
    yield f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY"
    yield f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY"
    for policy in ("tenant", "system", "backup"):
        yield f"DROP POLICY IF EXISTS {policy} ON {name}"
    yield f"CREATE POLICY tenant ON {name} TO {WEB} USING ({own}) WITH CHECK ({own})"
    yield f"CREATE POLICY system ON {name} TO {SYNC}, CURRENT_USER USING (true) WITH CHECK (true)"
    yield f"CREATE POLICY backup ON {name} FOR SELECT TO {BACKUP} USING (true)"
