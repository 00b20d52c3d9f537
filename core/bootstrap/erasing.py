"""Erasing a client for good, and the ledger of erasures beside the backups that a restore obeys.

Source: SECURITY-MODEL.md section 3. The ledger is a file of one JSON object a line: client id and time, nothing else.
"""

import json
import os
from datetime import datetime
from pathlib import Path
from uuid import UUID

from core.bootstrap.parts import require_schema, using_storage
from core.config import Settings
from core.domain.types import Role
from core.errors import ConflictError, NotFoundError
from core.persistence.erasing import sweep
from core.ports import AuditEntry, Storage
from core.services.access import WHOLE_FLEET
from core.services.people import normal_login

LEDGER = "erasures.jsonl"


def erase_client(settings: Settings, login: str, now: datetime) -> UUID:
    """Delete a client with keys, sessions, accounts and history, and note the id; what is kept of it are audit rows.

    Raises:
        NotFoundError: nobody signs in by that name.
        ConflictError: the person is no client.
    """
    with using_storage(settings) as storage:
        require_schema(storage)
        with storage.begin(WHOLE_FLEET, write=False) as uow:
            found = uow.users.by_login(normal_login(login))
        if found is None:
            raise NotFoundError(f"nobody signs in as {login}")
        client = found[0]
        if client.role is not Role.CLIENT:
            raise ConflictError(f"{login} is no client: use `python -m core users disable`")
        note_erasure(settings.backup_dir, client.id, now)  # first: a backup restored later must not bring it back
        _erase(storage, client.id, now)
    sweep(settings.database_url)
    return client.id


def apply_erasures(settings: Settings, now: datetime) -> int:
    """Erase again who was erased before, after a restore; return how many came back with the backup."""
    erased = 0
    with using_storage(settings) as storage:
        for client_id in noted_erasures(settings.backup_dir):
            with storage.begin(WHOLE_FLEET, write=False) as uow:
                is_back = uow.users.get(client_id) is not None
            if is_back:
                _erase(storage, client_id, now)
                erased += 1
    if erased:
        sweep(settings.database_url)
    return erased


def note_erasure(folder: Path, client_id: UUID, now: datetime) -> None:
    """Add a client to the ledger; it is on disk when this returns."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(folder / LEDGER, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(json.dumps({"client_id": str(client_id), "erased_at": now.isoformat()}) + "\n")
        file.flush()
        os.fsync(file.fileno())


def noted_erasures(folder: Path) -> list[UUID]:
    """Return the clients in the ledger, each once, in the order they were erased."""
    path = folder / LEDGER
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").splitlines()
    return list(dict.fromkeys(UUID(json.loads(line)["client_id"]) for line in lines if line.strip()))


def _erase(storage: Storage, client_id: UUID, now: datetime) -> None:
    with storage.begin(WHOLE_FLEET) as uow:
        uow.users.erase(client_id)
        uow.audit.append(AuditEntry(now, None, "client.erased", "user", str(client_id), client_id=client_id))
