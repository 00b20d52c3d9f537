"""Logins, links that work once, and the throttle."""

from dataclasses import replace
from uuid import uuid4

import pytest

from core.domain.types import User
from core.errors import ConflictError
from core.persistence import SqlStorage
from core.ports import Attempts, OneTimeLink
from tests.core.persistence.makers import DAY, HOUR, NOW, SECOND, make_session

LINK = OneTimeLink(id=uuid4(), kind="setup", token_hash="link", created_at=NOW, expires_at=NOW + HOUR)


def test_a_login_is_found_by_token_hash_and_by_id(storage: SqlStorage, client: User) -> None:
    session = make_session(client)
    with storage.begin() as uow:
        uow.sessions.add(session)
        assert uow.sessions.by_token_hash("hash") == (session, client)
        assert uow.sessions.by_id(session.id) == (session, client)
        assert uow.sessions.by_token_hash("other") is None
        assert uow.sessions.by_id(uuid4()) is None


def test_a_token_hash_belongs_to_one_login(storage: SqlStorage, client: User) -> None:
    with pytest.raises(ConflictError), storage.begin() as uow:
        uow.sessions.add(make_session(client))
        uow.sessions.add(make_session(client))


def test_use_and_password_are_noted(storage: SqlStorage, client: User) -> None:
    session = make_session(client)
    with storage.begin() as uow:
        uow.sessions.add(session)
        uow.sessions.touch(session.id, NOW + SECOND)
        assert uow.sessions.by_id(session.id) == (replace(session, seen_at=NOW + SECOND), client)
        uow.sessions.reauthenticate(session.id, NOW + HOUR)
        changed = replace(session, seen_at=NOW + HOUR, authenticated_at=NOW + HOUR)
        assert uow.sessions.by_id(session.id) == (changed, client)


def test_logging_out_everywhere_ends_the_persons_open_logins(storage: SqlStorage, client: User, stranger: User) -> None:
    first, second, other = make_session(client, "1"), make_session(client, "2"), make_session(stranger, "3")
    with storage.begin() as uow:
        for session in (first, second, other):
            uow.sessions.add(session)
        uow.sessions.revoke(first.id, NOW)
        assert uow.sessions.revoke_all(client.id, NOW + SECOND) == 1
        found = uow.sessions.by_id(first.id)
        assert found is not None
        assert found[0].revoked_at == NOW
        assert uow.sessions.revoked_among([first.id, second.id, other.id], NOW) == {first.id, second.id}


def test_ended_expired_unknown_and_disabled_logins_count_as_revoked(storage: SqlStorage, client: User) -> None:
    alive, ended, expired = (make_session(client, name) for name in ("alive", "ended", "expired"))
    expired = replace(expired, expires_at=NOW)
    unknown = uuid4()
    with storage.begin() as uow:
        for session in (alive, ended, expired):
            uow.sessions.add(session)
        uow.sessions.revoke(ended.id, NOW)
        ids = [alive.id, ended.id, expired.id, unknown]
        assert uow.sessions.revoked_among(ids, NOW) == {ended.id, expired.id, unknown}
        assert uow.sessions.revoked_among([], NOW) == set()
        uow.users.update(replace(client, is_active=False))
        assert uow.sessions.revoked_among([alive.id], NOW) == {alive.id}


def test_failures_are_counted_per_key_until_cleared(storage: SqlStorage) -> None:
    with storage.begin() as uow:
        assert uow.sessions.attempts("user:ana") is None
        assert uow.sessions.record_failure("user:ana", NOW) == Attempts("user:ana", 1, NOW)
        assert uow.sessions.record_failure("user:ana", NOW + SECOND) == Attempts("user:ana", 2, NOW + SECOND)
        assert uow.sessions.record_failure("ip:::1", NOW) == Attempts("ip:::1", 1, NOW)
        assert uow.sessions.attempts("user:ana") == Attempts("user:ana", 2, NOW + SECOND)
        uow.sessions.clear_failures("user:ana")
        assert uow.sessions.attempts("user:ana") is None
        assert uow.sessions.attempts("ip:::1") == Attempts("ip:::1", 1, NOW)


def test_a_link_works_once(storage: SqlStorage) -> None:
    with storage.begin() as uow:
        uow.sessions.add_link(LINK)
        assert uow.sessions.find_link("setup", "link", NOW) == LINK
        assert uow.sessions.use_link("setup", "link", NOW) == replace(LINK, used_at=NOW)
        assert uow.sessions.use_link("setup", "link", NOW) is None
        assert uow.sessions.find_link("setup", "link", NOW) is None


def test_a_link_needs_its_kind_its_token_and_its_time(storage: SqlStorage) -> None:
    with storage.begin() as uow:
        uow.sessions.add_link(LINK)
        assert uow.sessions.use_link("invite", "link", NOW) is None
        assert uow.sessions.use_link("setup", "other", NOW) is None
        assert uow.sessions.use_link("setup", "link", NOW + DAY) is None
        assert uow.sessions.use_link("setup", "link", NOW + HOUR - SECOND) is not None
