"""The proof that the audit log is whole, under the app key that signed it."""

from collections.abc import Iterator
from dataclasses import dataclass

from core.bootstrap.parts import require_schema, using_storage
from core.config import Settings
from core.ports import UnitOfWork
from core.security import keyfiles
from core.security.audit import ChainedEntry, ChainHead, find_first_bad


@dataclass(frozen=True, slots=True)
class AuditState:
    """The number of the first bad row (None: the chain is whole), how many rows there are, and the last one."""

    first_bad: int | None
    rows: int
    head: tuple[int, str] | None


def verify(settings: Settings, known: tuple[int, str] | None = None) -> AuditState:
    """Check every row's hash, its link to the row before and its MAC; `known` is a head told outside the database.

    Raises:
        ConfigurationError: the app key is missing or unreadable, or the database is not migrated.
    """
    app_key = keyfiles.load_app_key(settings.app_key_file)
    with using_storage(settings) as storage:
        require_schema(storage)
        with storage.begin(write=False) as uow:
            head = uow.audit.head()
            counted = _Counted(uow)
            first_bad = find_first_bad(counted, app_key, head=ChainHead(*known) if known else None)
    return AuditState(first_bad, counted.count, head)


class _Counted:
    """The rows of the log, counted as they pass."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow, self.count = uow, 0

    def __iter__(self) -> Iterator[ChainedEntry]:
        for entry, (seq, *link) in self._uow.audit.rows():
            self.count += 1
            yield ChainedEntry(seq, entry, *link)
