"""Every edit of the audit log is found at the first row it touches."""

import dataclasses
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest

from core.ports import AuditEntry
from core.security.app_key import AppKey
from core.security.audit import GENESIS, ChainedEntry, ChainHead, chain_entry, find_first_bad, hash_entry

AT = datetime(2026, 1, 15, 12, 0, 0, 123456, tzinfo=UTC)
ENTRY = AuditEntry(
    at=AT,
    actor_id=UUID(int=1),
    action="account.added",
    object_type="exchange_account",
    object_id="a",
    client_id=UUID(int=2),
    ip="192.0.2.1",
    details={"exchange": "binance", "name": "Main"},
)
OTHERS: dict[str, Any] = {
    "at": AT + timedelta(microseconds=1),
    "actor_id": None,
    "action": "account.added ",
    "object_type": "user",
    "object_id": "b",
    "client_id": None,
    "ip": "",
    "details": None,
}


@pytest.fixture
def rows(app_key: AppKey) -> list[ChainedEntry]:
    chain: list[ChainedEntry] = []
    for number in range(6):
        previous = ChainHead(chain[-1].seq, chain[-1].hash) if chain else None
        chain.append(chain_entry(dataclasses.replace(ENTRY, object_id=str(number)), previous, app_key))
    return chain


def test_a_chain_starts_at_one_and_links_each_row_to_the_one_before(rows: list[ChainedEntry]) -> None:
    assert [row.seq for row in rows] == [1, 2, 3, 4, 5, 6]
    assert [row.prev_hash for row in rows] == [GENESIS, *(row.hash for row in rows[:-1])]


def test_a_whole_chain_verifies(rows: list[ChainedEntry], app_key: AppKey) -> None:
    assert find_first_bad(rows, app_key) is None
    assert find_first_bad([], app_key) is None
    for row in rows:
        assert find_first_bad(rows, app_key, head=ChainHead(row.seq, row.hash)) is None


def test_the_same_instant_in_another_zone_hashes_alike() -> None:
    moved = dataclasses.replace(ENTRY, at=AT.astimezone(timezone(timedelta(hours=-3))))
    assert hash_entry(moved, 1, GENESIS) == hash_entry(ENTRY, 1, GENESIS)


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        hash_entry(dataclasses.replace(ENTRY, at=AT.replace(tzinfo=None)), 1, GENESIS)


def test_order_of_details_does_not_matter() -> None:
    turned = dataclasses.replace(ENTRY, details=dict(reversed(list((ENTRY.details or {}).items()))))
    assert hash_entry(turned, 1, GENESIS) == hash_entry(ENTRY, 1, GENESIS)


@pytest.mark.parametrize("field", OTHERS)
def test_every_field_counts(field: str) -> None:
    changed = dataclasses.replace(ENTRY, **{field: OTHERS[field]})
    assert hash_entry(changed, 1, GENESIS) != hash_entry(ENTRY, 1, GENESIS)


@pytest.mark.parametrize("field", ["seq", "prev_hash", "hash", "mac"])
@pytest.mark.parametrize("place", range(6))
def test_a_changed_column_is_found_at_its_row(
    rows: list[ChainedEntry], app_key: AppKey, field: str, place: int
) -> None:
    value: str | int = 99 if field == "seq" else "f" * 64
    rows[place] = dataclasses.replace(rows[place], **{field: value})  # type: ignore[arg-type]
    assert find_first_bad(rows, app_key) == place + 1


def test_a_thousand_random_edits_are_all_found(rows: list[ChainedEntry], app_key: AppKey) -> None:
    source = random.Random(3)
    for _ in range(1000):
        place, field = source.randrange(6), source.choice(list(OTHERS))
        entry = dataclasses.replace(rows[place].entry, **{field: OTHERS[field]})
        edited = [*rows]
        edited[place] = dataclasses.replace(rows[place], entry=entry)
        assert find_first_bad(edited, app_key) == place + 1


def test_a_row_hashed_anew_without_the_key_is_found(rows: list[ChainedEntry], app_key: AppKey) -> None:
    forged = chain_entry(dataclasses.replace(ENTRY, ip="198.51.100.9"), None, AppKey(b"x" * 32))
    assert find_first_bad([forged, *rows[1:]], app_key) == 1


@pytest.mark.parametrize(
    ("edit", "first_bad"),
    [
        (lambda rows: rows[1:], 1),
        (lambda rows: rows[:2] + rows[3:], 3),
        (lambda rows: [rows[0], rows[2], rows[1], *rows[3:]], 2),
        (lambda rows: [*rows[:3], rows[2], *rows[3:]], 4),
        (lambda rows: rows[:-1], 6),
        (lambda rows: [], 1),
    ],
)
def test_removed_and_moved_rows_are_found(
    rows: list[ChainedEntry],
    app_key: AppKey,
    edit: Callable[[list[ChainedEntry]], list[ChainedEntry]],
    first_bad: int,
) -> None:
    head = ChainHead(rows[-1].seq, rows[-1].hash)
    assert find_first_bad(edit(rows), app_key, head=head) == first_bad


def test_a_chain_rewritten_with_the_key_does_not_match_the_outside_head(
    rows: list[ChainedEntry], app_key: AppKey
) -> None:
    head = ChainHead(rows[0].seq, rows[0].hash)
    rewritten = chain_entry(dataclasses.replace(ENTRY, object_id="other"), None, app_key)
    assert find_first_bad([rewritten], app_key) is None
    assert find_first_bad([rewritten], app_key, head=head) == 1
