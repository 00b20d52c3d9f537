"""A fresh storage of each kind, and a client in it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.domain.types import User
from core.persistence import SqlStorage
from tests.core.persistence.makers import make_user
from tests.core.persistence.statements import refuse_unscoped_statements
from tests.databases import BACKENDS, fresh_storage

BACKEND_PARAMS = [pytest.param(name, marks=pytest.mark.postgres) if name == "postgresql" else name for name in BACKENDS]


@pytest.fixture(params=BACKEND_PARAMS)
def backend(request: pytest.FixtureRequest) -> str:
    """Name each database in turn."""
    return str(request.param)


@pytest.fixture
def storage(backend: str, tmp_path: Path) -> Iterator[SqlStorage]:
    """Give a storage that fails the test on any tenant statement without its client."""
    with fresh_storage(backend, tmp_path) as made:
        refuse_unscoped_statements(made.engine)
        yield made


@pytest.fixture
def client(storage: SqlStorage) -> User:
    """Give a stored client."""
    user = make_user("ana")
    with storage.begin() as uow:
        uow.users.add(user, None)
    return user


@pytest.fixture
def stranger(storage: SqlStorage) -> User:
    """Give another stored client."""
    user = make_user("bruno")
    with storage.begin() as uow:
        uow.users.add(user, None)
    return user
