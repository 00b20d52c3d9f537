"""The command that proves the audit log: every edit is found at its row, and so is a head that is gone."""

import random
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from core import bootstrap
from core.__main__ import main
from core.bootstrap import auditing
from core.config import Settings, load_settings
from core.persistence.backup.contents import engine_of
from core.ports import AuditEntry

ROWS = 12
EDITS = 100
COLUMNS = ("at", "actor_id", "action", "object_type", "object_id", "client_id", "ip", "details", "prev_hash", "hash",
           "mac")  # fmt: skip
Row = dict[str, Any]


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Give an installation whose audit log can be edited: its triggers are gone, as for someone with the file."""
    folder: Path = tmp_path_factory.mktemp("audited")
    made = load_settings({"GA_DATA_DIR": str(folder / "data")})
    bootstrap.initialise(made)
    with bootstrap.using_storage(made) as storage:
        for number in range(ROWS):
            with storage.begin() as uow:
                details = {"reason": f"why {number}"}
                uow.audit.append(AuditEntry(bootstrap.utc_now(), None, "tested", "row", str(number), details=details))
    with engine_of(made.database_url) as engine, engine.begin() as connection:
        for name in connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all():
            connection.execute(text(f"DROP TRIGGER {name}"))
    return made


def test_a_whole_log_is_told_with_its_head(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    state = auditing.verify(settings)
    assert (state.first_bad, state.rows) == (None, ROWS)
    assert state.head is not None and state.head[0] == ROWS
    monkeypatch.setenv("GA_DATA_DIR", str(settings.data_dir))
    assert main(["audit", "verify", "--head", f"{state.head[0]}:{state.head[1]}"]) == 0
    assert f"{ROWS} rows, none changed" in capsys.readouterr().out
    assert main(["audit", "verify", "--head", f"{ROWS + 1}:{state.head[1]}"]) == 1
    assert f"row {ROWS + 1} was changed" in capsys.readouterr().out
    assert main(["audit", "verify", "--head", "nonsense"]) == 1


def test_every_edit_is_found_at_its_row(settings: Settings) -> None:
    rng, head = random.Random(7), auditing.verify(settings).head
    rows = stored(settings)
    missed = []
    for _ in range(EDITS):
        changed, expected = edit([dict(row) for row in rows], rng)
        put(settings, changed)
        found = auditing.verify(settings, head).first_bad
        if found != expected:
            missed.append((found, expected))
    put(settings, rows)
    assert missed == []
    assert auditing.verify(settings, head).first_bad is None


def stored(settings: Settings) -> list[Row]:
    with engine_of(settings.database_url) as engine, engine.connect() as connection:
        return [dict(row) for row in connection.execute(text("SELECT * FROM audit_log ORDER BY seq")).mappings()]


def put(settings: Settings, rows: list[Row]) -> None:
    with engine_of(settings.database_url) as engine, engine.begin() as connection:
        connection.execute(text("DELETE FROM audit_log"))
        if rows:
            names = list(rows[0])
            values = ", ".join(f":{name}" for name in names)
            columns = ", ".join(names)
            connection.execute(text(f"INSERT INTO audit_log ({columns}) VALUES ({values})"), rows)  # noqa: S608


def edit(rows: list[Row], rng: random.Random) -> tuple[list[Row], int]:
    """Change, drop, swap or cut rows; return them and the number of the first bad one."""
    place = rng.randrange(len(rows))
    act = rng.choice(("change", "change", "change", "drop", "swap", "cut"))
    if act == "drop":
        return [row for n, row in enumerate(rows) if n != place], place + 1
    if act == "cut":
        return rows[:place], place + 1
    if act == "swap" and place + 1 < len(rows):
        first, second = rows[place], rows[place + 1]
        first["seq"], second["seq"] = second["seq"], first["seq"]
        return rows, place + 1
    column = rng.choice(COLUMNS)
    old = str(rows[place][column] or "x")
    changes = {
        "at": old.replace("20", "21", 1),
        "actor_id": "11111111111141118111111111111111",
        "client_id": "11111111111141118111111111111111",
        "details": '{"reason": "another"}',
    }
    rows[place][column] = changes.get(column, old[:-1] + ("0" if old[-1] != "0" else "1"))
    return rows, place + 1
