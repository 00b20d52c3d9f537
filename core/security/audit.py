"""The chain that shows edits of the audit log: each row's hash covers the row before it, a MAC covers the hash."""

import hashlib
import hmac
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC

from core.ports import AuditEntry
from core.security.app_key import AppKey, Subkey
from core.security.encoding import pae

GENESIS = "0" * 64
FIRST_SEQ = 1


@dataclass(frozen=True, slots=True)
class ChainedEntry:
    """An audit row as stored; hashes and MAC are 64 hex digits."""

    seq: int
    entry: AuditEntry
    prev_hash: str
    hash: str
    mac: str


@dataclass(frozen=True, slots=True)
class ChainHead:
    """The last row's number and hash, as written to places outside the database."""

    seq: int
    hash: str


def chain_entry(entry: AuditEntry, previous: ChainHead | None, app_key: AppKey) -> ChainedEntry:
    """Return the entry as the row that follows `previous` (None: as the first row)."""
    seq = FIRST_SEQ if previous is None else previous.seq + 1
    prev_hash = GENESIS if previous is None else previous.hash
    row_hash = hash_entry(entry, seq, prev_hash)
    return ChainedEntry(seq, entry, prev_hash, row_hash, _mac(app_key, row_hash))


def hash_entry(entry: AuditEntry, seq: int, prev_hash: str) -> str:
    """Return SHA-256 over the unambiguous encoding of all fields; times count as UTC to the microsecond.

    Raises:
        ValueError: the time is naive.
    """
    if entry.at.tzinfo is None:
        raise ValueError("an audit entry needs an aware time")
    details = "" if entry.details is None else json.dumps(dict(entry.details), sort_keys=True, separators=(",", ":"))
    fields = pae(
        seq,
        entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "" if entry.actor_id is None else str(entry.actor_id),
        entry.action,
        entry.object_type,
        entry.object_id,
        "" if entry.client_id is None else str(entry.client_id),
        entry.ip,
        details,
        prev_hash,
    )
    return hashlib.sha256(fields).hexdigest()


def find_first_bad(rows: Iterable[ChainedEntry], app_key: AppKey, *, head: ChainHead | None = None) -> int | None:
    """Return the number of the first row that was changed, removed or added, or None when the chain is whole.

    Args:
        rows: all rows in the order of their numbers.
        app_key: the key whose audit subkey signed them.
        head: a head known from outside the database; rows up to it must be there, with that hash.
    """
    expected_seq, expected_prev = FIRST_SEQ, GENESIS
    for row in rows:
        if row.seq != expected_seq or not _is_sound(row, expected_prev, app_key):
            return expected_seq
        if head is not None and row.seq == head.seq and row.hash != head.hash:
            return row.seq
        expected_seq, expected_prev = row.seq + 1, row.hash
    return expected_seq if head is not None and head.seq >= expected_seq else None


def _is_sound(row: ChainedEntry, prev_hash: str, app_key: AppKey) -> bool:
    row_hash = hash_entry(row.entry, row.seq, prev_hash)
    mac_matches = hmac.compare_digest(row.mac.encode(), _mac(app_key, row_hash).encode())
    return row.prev_hash == prev_hash and row.hash == row_hash and mac_matches


def _mac(app_key: AppKey, row_hash: str) -> str:
    return app_key.mac(Subkey.AUDIT, bytes.fromhex(row_hash))
