"""The office on each database in turn."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.persistence import SqlStorage
from tests.core.persistence.statements import refuse_unscoped_statements
from tests.core.services.office import Office
from tests.databases import BACKENDS, chain_for_tests, fresh_url

BACKEND_PARAMS = [pytest.param(name, marks=pytest.mark.postgres) if name == "postgresql" else name for name in BACKENDS]


@pytest.fixture(params=BACKEND_PARAMS)
def office(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Office]:
    """Give an office whose web role fails the test on any tenant statement without its client."""
    with fresh_url(str(request.param), tmp_path) as url:
        web, sync = (SqlStorage(url, role=role, audit_chain=chain_for_tests) for role in ("web", "sync"))
        refuse_unscoped_statements(web.engine)
        yield Office(web, sync, url)
        web.dispose()
        sync.dispose()
