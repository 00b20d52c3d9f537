"""Small facts of the installation."""

from core.persistence import SqlStorage


def test_a_fact_is_the_last_one_set(storage: SqlStorage) -> None:
    with storage.begin() as uow:
        assert uow.facts.get("demo") is None
        uow.facts.set("demo", "1")
        uow.facts.set("demo", "2")
        assert uow.facts.get("demo") == "2"
