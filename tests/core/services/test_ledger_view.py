"""The ledger of a client: filters, search, pages and sums on both databases, and nobody sees another's."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from core.errors import InvalidInputError, NotFoundError, StepUpRequiredError
from core.services import ledger_view
from core.services.ledger_export import COLUMNS, open_ledger_export
from core.services.ledger_types import (
    GROUPS,
    LedgerQuestion,
    Turn,
    clean_text,
    kinds_of,
    place_of,
    read_place,
    write_place,
)
from core.services.ledger_view import load_ledger
from tests.core.services.ledger_past import HOUR, LedgerPast, make_ledger_past
from tests.core.services.office import NOW, Office

YESTERDAY = NOW - timedelta(days=1)


@pytest.fixture
def past(office: Office) -> LedgerPast:
    """Give Ana a ledger."""
    return make_ledger_past(office.sync, office.ana, YESTERDAY)


def ask(office: Office, **changes: object) -> LedgerQuestion:
    return replace(LedgerQuestion(office.ana.id, "all"), **changes)  # type: ignore[arg-type]


def keys(office: Office, question: LedgerQuestion, turn: Turn | None = None) -> list[str]:
    page = load_ledger(office.web, office.mine, question, turn=turn, now=NOW)
    return [entry.row.dedupe_key for entry in page.entries]


def test_entries_come_newest_first_with_their_value_at_booking(office: Office, past: LedgerPast) -> None:
    page = load_ledger(office.web, office.mine, ask(office), now=NOW)
    assert [entry.row.dedupe_key for entry in page.entries][:2] == ["d2", "w2"]
    times = [entry.row.booked_at for entry in page.entries]
    assert times == sorted(times, reverse=True)
    found = {entry.row.dedupe_key: entry for entry in page.entries}
    assert (found["r1"].value, found["r1"].group, found["r1"].exchange) == (Decimal("128.605"), "interest", "bitget")
    assert found["t1"].value is None
    assert (page.total, page.newer, page.before, page.after) == (10, 0, None, None)
    assert page.time_zone == "America/Sao_Paulo"
    assert page.assets == ("BTC", "SOL", "USDT")


def test_sums_are_exact_and_say_what_has_no_price(office: Office, past: LedgerPast) -> None:
    page = load_ledger(office.web, office.mine, ask(office), now=NOW)
    assert page.sums is not None
    sums = {(one.group, one.asset): one for one in page.sums}
    assert sums["deposit", "USDT"].amount == Decimal("1349.000000000000000001")
    assert (sums["trade", "BTC"].unpriced, sums["trade", "BTC"].value) == (1, Decimal(0))
    assert [one.group for one in page.sums] == sorted((one.group for one in page.sums), key=GROUPS.index)
    assert sum(one.count for one in page.sums) == page.total


def test_beyond_a_number_of_entries_nothing_is_added_up(
    office: Office, past: LedgerPast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger_view, "MOST_SUMMED", 9)
    assert load_ledger(office.web, office.mine, ask(office), now=NOW).sums is None


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"group": "deposit"}, {"d1", "d2", "d3"}),
        ({"group": "trade"}, {"t1", "t1q"}),
        ({"asset": "SOL"}, {"r1"}),
        ({"text": "hyperlink"}, {"t1", "t1q"}),
        ({"text": "ABAB"}, {"w1", "d1"}),
        ({"text": "ref-77"}, {"n1"}),
        ({"text": "-NATIVE"}, {"t1"}),
        ({"text": "_"}, set()),
        ({"text": "sol"}, {"r1"}),
        ({"group": "fee", "text": "btc"}, {"f1"}),
        ({"period": "custom", "first": YESTERDAY.date(), "last": YESTERDAY.date()}, {
            "w1", "w2", "d1", "d2", "d3", "f1", "n1", "t1", "t1q", "r1"
        }),
        ({"period": "today"}, set()),
        ({"period": "all", "group": "bonus"}, set()),
    ],
)  # fmt: skip
def test_a_choice_lets_only_its_entries_through(
    office: Office, past: LedgerPast, changes: dict[str, object], expected: set[str]
) -> None:
    question = ask(office, **changes)
    assert set(keys(office, question)) == expected
    rows = list(open_ledger_export(office.web, office.mine, question, now=NOW).rows)
    assert {row[-1] for row in rows} == expected


def test_days_are_local_days_of_the_client(office: Office, past: LedgerPast) -> None:
    midnight = NOW.replace(hour=3, minute=0)  # America/Sao_Paulo
    past.book(past.one, "before", "fee", "-1", midnight - timedelta(microseconds=1))
    past.book(past.one, "at", "fee", "-1", midnight)
    assert keys(office, ask(office, period="today")) == ["at"]


def test_pages_follow_each_other_on_equal_times_and_across_accounts(office: Office, past: LedgerPast) -> None:
    for n in range(60):
        at = YESTERDAY - timedelta(days=2) + (n // 7) * HOUR
        past.book((past.one, past.two)[n % 2], f"k{n:02}", "funding", "-1", at, wallet=f"w{n % 3}")
    question = ask(office)
    exported = [row[-1] for row in open_ledger_export(office.web, office.mine, question, now=NOW).rows]
    first = load_ledger(office.web, office.mine, question, now=NOW)
    assert first.before is not None
    second = load_ledger(office.web, office.mine, question, turn=Turn(first.before), now=NOW)
    assert (second.total, second.newer, second.before, len(second.entries)) == (70, 50, None, 20)
    seen = [entry.row.dedupe_key for entry in (*first.entries, *second.entries)]
    assert seen == exported
    assert len(set(seen)) == 70
    assert second.after is not None
    back = load_ledger(office.web, office.mine, question, turn=Turn(second.after, newer=True), now=NOW)
    assert back.entries == first.entries
    beyond = Turn(place_of(second.entries[-1].row))
    assert keys(office, question, beyond) == [entry.row.dedupe_key for entry in first.entries]


def test_a_place_survives_an_address_and_nonsense_is_none(past: LedgerPast) -> None:
    place = place_of(past.rows()[0])
    assert read_place(write_place(place)) == place
    for text in ("", "x", "W10", "WzEsMiwzLDRd", write_place(replace(place, wallet="a\0")), "é", "a" * 5000):
        assert read_place(text) is None
    assert clean_text(" a\0 \ud800 b  " + "c" * 200) == "a b " + "c" * 96


def test_every_kind_belongs_to_one_group() -> None:
    assert frozenset().union(*(kinds_of(group) for group in GROUPS)) == kinds_of(None)


def test_foreign_and_unknown_ids_answer_alike(office: Office, past: LedgerPast) -> None:
    foreign = office.account("Foreign", office.bruno)
    for question in (
        LedgerQuestion(office.bruno.id, "all"),
        LedgerQuestion(uuid4(), "all"),
        ask(office, view=str(foreign.id)),
        ask(office, view=str(uuid4())),
    ):
        with pytest.raises(NotFoundError):
            load_ledger(office.web, office.mine, question, now=NOW)
        with pytest.raises(NotFoundError):
            open_ledger_export(office.web, office.mine, question, now=NOW)
    assert load_ledger(office.web, office.admin, ask(office), now=NOW).total == 10


def test_a_kind_that_is_none_is_refused_and_a_file_wants_the_password(office: Office, past: LedgerPast) -> None:
    with pytest.raises(InvalidInputError):
        load_ledger(office.web, office.mine, ask(office, group="gift"), now=NOW)
    with pytest.raises(StepUpRequiredError):
        open_ledger_export(office.web, office.stale(office.mine), ask(office), now=NOW)


def test_the_file_has_every_digit(office: Office, past: LedgerPast) -> None:
    names = [column.name for column in COLUMNS]
    rows = [
        dict(zip(names, row, strict=True))
        for row in open_ledger_export(office.web, office.mine, ask(office), now=NOW).rows
    ]
    found = {str(row["entry"]): row for row in rows}
    assert found["d3"]["amount"] == Decimal("1000.000000000000000001")
    assert (found["w1"]["txid"], found["w1"]["venue_type"]) == ("0x" + "ab" * 32, "WITHDRAW")
