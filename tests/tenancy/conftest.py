"""One world for all tests of tenancy."""

from collections.abc import Iterator

import pytest

from tests.tenancy.world import World, living_world


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with living_world(tmp_path_factory.mktemp("tenancy")) as living:
        yield living
