"""The audit log: each row is chained to the one before, also when several processes write at once."""

import threading
from uuid import uuid4

import pytest

from core.errors import ConfigurationError
from core.persistence import SqlStorage
from core.ports import AuditEntry
from tests.core.persistence.makers import NOW
from tests.databases import chain_for_tests

ENTRY = AuditEntry(NOW, uuid4(), "login", "user", "1", uuid4(), "127.0.0.1", {"b": "2", "a": "1"})
BARE = AuditEntry(NOW, None, "tick", "system", "")


def test_entries_come_back_as_a_chain(storage: SqlStorage) -> None:
    with storage.begin() as uow:
        assert uow.audit.head() is None
        uow.audit.append(ENTRY)
        uow.audit.append(BARE)
        rows = list(uow.audit.rows())
        assert uow.audit.head() == (2, rows[1][1][2])
    first = chain_for_tests(ENTRY, None)
    second = chain_for_tests(BARE, (1, first[2]))
    assert rows == [(ENTRY, first), (BARE, second)]


def test_writers_at_the_same_time_make_one_chain(storage: SqlStorage) -> None:
    def work() -> None:
        for _ in range(5):
            with storage.begin() as uow:
                uow.audit.append(BARE)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with storage.begin(write=False) as uow:
        links = [link for _, link in uow.audit.rows()]
    assert [seq for seq, *_ in links] == list(range(1, 21))
    assert [prev for _, prev, _, _ in links[1:]] == [row_hash for _, _, row_hash, _ in links[:-1]]


def test_nothing_is_audited_without_the_app_key(storage: SqlStorage) -> None:
    bare = SqlStorage(storage.engine.url.render_as_string(hide_password=False))
    with pytest.raises(ConfigurationError), bare.begin() as uow:
        uow.audit.append(BARE)
    bare.dispose()
