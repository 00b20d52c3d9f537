"""A sample of the mutated answers, and proof that the judge sees what it is there to see."""

import random
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from tests.torture.__main__ import main
from tests.torture.answers import Subject, subjects, torment
from tests.torture.bodies import Token, cut, places, put, read, write
from tests.torture.mutations import Kind, Mutation, mutate
from tests.torture.oracle import judge

BODY: dict[str, Any] = {"rows": [{"id": "a", "amount": "1.5"}, {"id": "b", "amount": "2"}], "next": "c"}


@pytest.fixture(scope="module")
def known() -> list[Subject]:
    return subjects()


def test_a_thousand_mutated_answers_are_refused_or_read_right() -> None:
    tally = torment(1000)
    assert tally.count == 1000
    assert (tally.crashes, tally.wrong, tally.slow) == ({}, {}, {})
    assert tally.outcomes["read"] > 200


def test_every_kind_of_mutation_comes_up() -> None:
    rng, maps = random.Random(1), ("map",)
    tree = {**BODY, "nextCursor": "c", "map": {"BTC": "1"}, "none": None}
    assert {mutate(tree, rng, {"cursor": "b"}, maps).kind for _ in range(2000)} == set(Kind)


def test_the_same_seed_gives_the_same_mutations() -> None:
    assert torment(100, 3).outcomes == torment(100, 3).outcomes
    assert torment(100, 3).kinds != torment(100, 4).kinds


def test_every_recorded_reading_is_among_the_subjects(known: list[Subject]) -> None:
    assert len({subject.name for subject in known}) == len(known)
    assert sum(subject.base is not None for subject in known) > 250


def honest(tree: Any) -> Mapping[str, Any] | None:  # noqa: ANN401 - any JSON
    """Read as a connector should: whole or not at all."""
    try:
        ledger = [{"id": row["id"], "amount": str(row["amount"])} for row in tree["rows"]]
        return {"ledger": ledger, "next": {"cursor": tree["next"]} if tree["next"] else None}
    except (KeyError, TypeError):
        return None


def careless(tree: Any) -> Mapping[str, Any] | None:  # noqa: ANN401 - any JSON
    """Read as a connector must not: what is missing is zero, empty or the end."""
    rows = tree.get("rows") or []
    ledger = [{"id": row.get("id"), "amount": str(row.get("amount") or "0")} for row in rows]
    return {"ledger": ledger, "next": {"cursor": tree["next"]} if tree.get("next") else None}


LOSSES = [
    ("a figure that is gone", cut(BODY, ("rows", 0, "amount")), ("rows", 0, "amount")),
    ("a figure that is null", put(BODY, ("rows", 0, "amount"), None), ("rows", 0, "amount")),
    ("a list that is gone", cut(BODY, ("rows",)), ("rows",)),
    ("a list that is an object", put(BODY, ("rows",), {}), ("rows",)),
    ("a cursor that is gone", cut(BODY, ("next",)), ("next",)),
]


@pytest.mark.parametrize(("name", "tree", "path"), LOSSES, ids=[loss[0] for loss in LOSSES])
def test_the_judge_sees_a_loss_that_was_read_over(name: str, tree: object, path: tuple[str | int, ...]) -> None:
    mutation = Mutation(Kind.GONE, name, tree, path)
    assert judge(mutation, BODY, careless(BODY), careless(tree), careless)
    assert not judge(mutation, BODY, honest(BODY), None, honest)


def wrong(**ledger: str) -> Mapping[str, Any]:
    rows = [{"id": name, "amount": amount} for name, amount in ledger.items()]
    return {"ledger": rows, "next": {"cursor": "c"}}


def test_the_judge_sees_a_figure_that_did_not_follow_its_number() -> None:
    path = ("rows", 0, "amount")
    mutation = Mutation(Kind.NUMBER, "", put(BODY, path, "7"), path, number=Decimal(7))
    assert not judge(mutation, BODY, honest(BODY), wrong(a="7", b="2"), honest)
    assert judge(mutation, BODY, honest(BODY), wrong(a="1.5", b="2"), honest)
    assert judge(mutation, BODY, honest(BODY), wrong(a="7", b="3"), honest)
    assert judge(mutation, BODY, honest(BODY), wrong(b="2"), honest)


def test_the_judge_sees_a_row_that_was_not_lost_or_lost_with_others() -> None:
    mutation = Mutation(Kind.FEWER, "", put(BODY, ("rows",), BODY["rows"][:1]), ("rows",), (1,))
    assert not judge(mutation, BODY, honest(BODY), wrong(a="1.5"), honest)
    assert judge(mutation, BODY, honest(BODY), wrong(a="1.5", b="2"), honest)
    assert judge(mutation, BODY, honest(BODY), wrong(), honest)


def test_the_judge_sees_what_should_never_have_been_read() -> None:
    for mutation in (Mutation(Kind.BROKEN, "", BODY, raw=b"{"), Mutation(Kind.STATUS, "", BODY, status=500)):
        assert judge(mutation, BODY, honest(BODY), honest(BODY), honest)
        assert not judge(mutation, BODY, honest(BODY), None, honest)
    assert judge(Mutation(Kind.TEXT, "", {"error": ""}), {"error": "no"}, None, honest(BODY), honest)


def test_a_tree_keeps_the_digits_it_was_read_with() -> None:
    text = '{"a":1.50,"b":[1e400,{"c":null}],"d":"1.50"}'
    tree = read(text)
    assert write(tree) == text
    assert isinstance(tree["a"], Token)
    assert [path for path, _value in places(tree)] == [("a",), ("b",), ("b", 0), ("b", 1), ("b", 1, "c"), ("d",)]


def test_the_command_prints_its_figures_and_tells_faults_by_its_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["answers", "--count", "50"]) == 0
    assert "mutated answers" in capsys.readouterr().out
