"""A person's word on transfers: said, replaced, undone, audited; refused where it cannot be; nobody meets another."""

from datetime import timedelta
from uuid import uuid4

import pytest

from core.domain.transfer_links import LegKey, LinkKind, TransferLink
from core.errors import ForbiddenError, InvalidInputError, NotFoundError
from core.services.ledger_types import LedgerQuestion
from core.services.transfer_words import Word, say, undo
from core.services.transfers import Transfers, load_transfers
from tests.core.persistence.makers import add_account
from tests.core.services.ledger_past import HOUR, LedgerPast, make_ledger_past
from tests.core.services.office import NOW, Office

YESTERDAY = NOW - timedelta(days=1)
PAIR, EXTERNAL, PENDING = LinkKind.PAIR, LinkKind.EXTERNAL, LinkKind.PENDING


@pytest.fixture
def past(office: Office) -> LedgerPast:
    """Give Ana a ledger."""
    return make_ledger_past(office.sync, office.ana, YESTERDAY)


def leg(past: LedgerPast, key: str) -> LegKey:
    """Return what names an entry: withdrawals are in the first account, deposits in the second."""
    return LegKey((past.one if key.startswith("w") else past.two).id, "spot", key)


def word(past: LedgerPast, kind: LinkKind, out: str | None = None, into: str | None = None) -> Word:
    return Word(past.client.id, kind, leg(past, out) if out else None, leg(past, into) if into else None)


def look(office: Office, past: LedgerPast, view: str = "all") -> Transfers:
    return load_transfers(office.web, office.mine, LedgerQuestion(past.client.id, view), now=NOW)


def methods(found: Transfers) -> dict[tuple[str, str | None], str]:
    return {
        (one.out.row.dedupe_key, one.in_.row.dedupe_key if one.in_ else None): one.method for one in found.transfers
    }


def test_entries_are_matched_as_the_books_match_them(office: Office, past: LedgerPast) -> None:
    found = look(office, past)
    assert methods(found) == {("w1", "d1"): "txid", ("w2", "d2"): "amount"}
    assert [transfer.fee for transfer in found.transfers] == [0, 1]
    assert [single.entry.row.dedupe_key for single in found.singles] == ["d3"]
    assert methods(look(office, past, str(past.two.id))) == methods(found)
    assert look(office, past, "main").singles == ()


def test_a_word_is_stored_audited_and_undone(office: Office, past: LedgerPast) -> None:
    link = say(office.web, office.mine, word(past, PAIR, "w1", "d1"), now=NOW)
    assert methods(look(office, past))["w1", "d1"] == "link"
    undo(office.web, office.mine, past.client.id, link.id, now=NOW + HOUR)
    assert methods(look(office, past))["w1", "d1"] == "txid"
    assert office.actions() == ["transfer.linked", "transfer.unlinked"]
    assert office.audit()[0][1:3] == (office.ana.id, office.ana.id)
    assert office.audit()[0][3] == {"kind": "pair", "out": leg(past, "w1").entry, "in": leg(past, "d1").entry}
    with pytest.raises(NotFoundError):
        undo(office.web, office.mine, past.client.id, link.id, now=NOW)


def test_no_transfer_makes_both_external_and_frees_none(office: Office, past: LedgerPast) -> None:
    say(office.web, office.mine, word(past, EXTERNAL, "w2", "d2"), now=NOW)
    found = look(office, past)
    assert methods(found) == {("w1", "d1"): "txid"}
    assert {single.entry.row.dedupe_key for single in found.singles if single.link} == {"w2", "d2"}


def test_money_on_its_way_waits_and_a_later_word_replaces_the_first(office: Office, past: LedgerPast) -> None:
    say(office.web, office.mine, word(past, PENDING, "w2"), now=NOW)
    found = look(office, past)
    assert methods(found)["w2", None] == "pending"
    waiting = next(transfer for transfer in found.transfers if transfer.in_ is None)
    assert [choice.row.dedupe_key for choice in waiting.choices] == ["d2"]
    say(office.web, office.mine, word(past, PAIR, "w2", "d2"), now=NOW + HOUR)
    assert methods(look(office, past))["w2", "d2"] == "link"
    assert office.actions() == ["transfer.linked", "transfer.unlinked", "transfer.linked"]


def test_the_touched_time_holds_every_entry_that_is_counted_otherwise(office: Office, past: LedgerPast) -> None:
    past.book(past.two, "d9", "deposit", "50", YESTERDAY + 20 * HOUR)

    def span(link: TransferLink) -> tuple[timedelta, timedelta]:
        return link.first_at - YESTERDAY, link.last_at - YESTERDAY

    confirmed = say(office.web, office.mine, word(past, PAIR, "w1", "d1"), now=NOW)
    assert span(confirmed) == (timedelta(0), timedelta(minutes=20))
    moved = say(office.web, office.mine, word(past, PAIR, "w2", "d9"), now=NOW)  # d2 loses its other half
    assert span(moved) == (2 * HOUR, 20 * HOUR)
    away = say(office.web, office.mine, word(past, PENDING, "w2"), now=NOW)
    assert span(away) == (2 * HOUR, NOW - YESTERDAY)
    undo(office.web, office.mine, past.client.id, away.id, now=NOW + HOUR)
    with office.sync.begin(write=False) as uow:
        changed = {link.id: link for link in uow.links.changed(None, since=NOW)}
    assert span(changed[away.id]) == (2 * HOUR, NOW + HOUR - YESTERDAY)
    assert changed[away.id].undone_by == office.ana.id


@pytest.mark.parametrize(
    ("kind", "out", "into", "code"),
    [
        (PAIR, "w1", None, "required"),
        (PENDING, None, "d1", "required"),
        (PENDING, "w1", "d1", "required"),
        (EXTERNAL, None, None, "required"),
        (PAIR, "w2", "d3", "received_more"),
    ],
)
def test_what_cannot_be_is_refused(
    office: Office, past: LedgerPast, kind: LinkKind, out: str | None, into: str | None, code: str
) -> None:
    with pytest.raises(InvalidInputError) as refused:
        say(office.web, office.mine, word(past, kind, out, into), now=NOW)
    assert refused.value.code == code
    assert office.actions() == []


def test_entries_that_cannot_be_one_transfer_are_refused(office: Office, past: LedgerPast) -> None:
    sent = leg(past, "w1")
    test = add_account(office.sync, office.ana, name="Test", exchange="okx", testnet=True, options={})
    cases = {
        "other_asset": past.book(past.two, "eth", "deposit", "1", YESTERDAY, asset="ETH"),
        "same_wallet": past.book(past.one, "same", "deposit", "1", YESTERDAY),
        "other_network": past.book(test, "test", "deposit", "1", YESTERDAY),
        "wrong_direction": past.book(past.two, "out", "withdrawal", "-1", YESTERDAY),
    }
    for code, into in cases.items():
        with pytest.raises(InvalidInputError) as refused:
            say(office.web, office.mine, Word(office.ana.id, PAIR, sent, into), now=NOW)
        assert refused.value.code == code


def test_analysts_only_read(office: Office, past: LedgerPast) -> None:
    link = say(office.web, office.admin, word(past, PAIR, "w1", "d1"), now=NOW)
    assert load_transfers(office.web, office.analyst, LedgerQuestion(past.client.id, "all"), now=NOW).transfers
    with pytest.raises(ForbiddenError):
        say(office.web, office.analyst, word(past, PENDING, "w2"), now=NOW)
    with pytest.raises(ForbiddenError):
        undo(office.web, office.analyst, past.client.id, link.id, now=NOW)


def test_foreign_and_unknown_entries_answer_alike(office: Office, past: LedgerPast) -> None:
    foreign = make_ledger_past(office.sync, office.bruno, YESTERDAY)
    theirs = say(office.web, office.scope(office.bruno), word(foreign, PAIR, "w1", "d1"), now=NOW)
    fee = LegKey(past.one.id, "usdm", "f1")  # moved no money in or out
    for other in (leg(foreign, "w2"), LegKey(past.one.id, "spot", "none"), LegKey(uuid4(), "spot", "w1"), fee):
        with pytest.raises(NotFoundError):
            say(office.web, office.mine, Word(office.ana.id, PAIR, other, leg(past, "d2")), now=NOW)
        with pytest.raises(NotFoundError):
            say(office.web, office.admin, Word(office.ana.id, EXTERNAL, other), now=NOW)
    with pytest.raises(NotFoundError):
        say(office.web, office.mine, word(foreign, PAIR, "w1", "d1"), now=NOW)
    for client_id, link_id in ((office.ana.id, theirs.id), (office.bruno.id, theirs.id), (office.ana.id, uuid4())):
        with pytest.raises(NotFoundError):
            undo(office.web, office.mine, client_id, link_id, now=NOW)
