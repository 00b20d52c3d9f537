"""The Coinbase connector's ledger explains every change of spot and vault, each movement once."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from connectors.errors import (
    AccountRestrictedError,
    BadResponseError,
)
from connectors.sandbox import Sandbox
from connectors.sandbox.model import Event
from connectors.types import LedgerEntry, LedgerKind
from tests.connectors.coinbase.calls import (
    FILLS,
    NAMES,
    NOW,
    V3,
    ZERO,
    asked,
    at,
    coin,
    connect,
    page,
    script,
    uid,
)
from tests.connectors.servers import Reply, scripted

SPANS = [
    (datetime(2026, 1, 1, tzinfo=UTC), NOW),
    (datetime(2026, 1, 20, 3, 4, 5, tzinfo=UTC), datetime(2026, 2, 9, 17, tzinfo=UTC)),
    (datetime(2026, 2, 12, tzinfo=UTC), datetime(2026, 2, 14, tzinfo=UTC)),
]


def ledger(sandbox: Sandbox, name: str, since: datetime, until: datetime = NOW) -> list[LedgerEntry]:
    return connect(sandbox, name).get_ledger(since, until)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("since", "until"), SPANS)
def test_the_ledger_explains_every_change_of_spot_and_vault(
    quiet: Sandbox, name: str, since: datetime, until: datetime
) -> None:
    moved: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    entries = ledger(quiet, name, since, until)
    for entry in entries:
        moved[entry.wallet, entry.asset] += entry.amount
    before, after = (quiet.world.book(uid(quiet, name), moment).wallets for moment in (since, until))
    for wallet, ours in (("spot", "spot"), ("earn", "vault")):
        one, other = before.get(wallet, {}), after.get(wallet, {})
        changes = {coin(asset): other.get(asset, ZERO) - one.get(asset, ZERO) for asset in one.keys() | other.keys()}
        told = {asset: amount for (its_wallet, asset), amount in moved.items() if its_wallet == ours and amount}
        assert told == {asset: change for asset, change in changes.items() if change}, wallet
    assert len({(entry.wallet, entry.dedupe_key) for entry in entries}) == len(entries)
    assert [entry.booked_at for entry in entries] == sorted(entry.booked_at for entry in entries)


@pytest.mark.parametrize("name", ["good", "one_way"])
def test_the_derivatives_wallet_lacks_profits_and_funding_and_nothing_else(quiet: Sandbox, name: str) -> None:
    opened, missing = quiet.world.opened_at, (LedgerKind.REALIZED_PNL, LedgerKind.FUNDING)
    told = [entry for entry in ledger(quiet, name, opened) if entry.wallet == "cfm"]
    untold = sum((e.amount for e in events(quiet, name, *missing) if e.wallet == "futures_linear"), ZERO)
    before, after = (quiet.world.book(uid(quiet, name), at).wallets["futures_linear"] for at in (opened, NOW))
    assert sum((entry.amount for entry in told), ZERO) == sum(after.values()) - sum(before.values()) - untold
    moved = [entry.amount for entry in told if entry.kind is LedgerKind.SETTLEMENT]
    spot = [entry for entry in ledger(quiet, name, opened) if entry.wallet == "spot"]
    assert moved == [-entry.amount for entry in spot if entry.kind is LedgerKind.SETTLEMENT] != []


def events(sandbox: Sandbox, name: str, *kinds: LedgerKind) -> list[Event]:
    lived = sandbox.world.events(uid(sandbox, name), sandbox.world.opened_at, NOW)
    return [event for event in lived if event.kind in kinds and event.counts]


@pytest.mark.parametrize("name", ["good", "spot", "one_way"])
def test_money_from_and_to_outside_is_told_once_without_the_networks_fee(quiet: Sandbox, name: str) -> None:
    outside = (LedgerKind.DEPOSIT, LedgerKind.WITHDRAWAL)
    told = [entry for entry in ledger(quiet, name, quiet.world.opened_at) if entry.kind in outside]
    assert sorted((entry.kind, entry.asset, entry.amount, entry.booked_at) for entry in told) == sorted(
        (event.kind, coin(event.asset), event.amount, event.at.replace(microsecond=0))
        for event in events(quiet, name, *outside)
    )
    assert {entry.internal for entry in told} == {False}


def test_network_fees_and_commissions_are_entries_of_their_own(quiet: Sandbox) -> None:
    fees = [entry for entry in ledger(quiet, "good", quiet.world.opened_at) if entry.kind is LedgerKind.FEE]
    lived = [event for event in events(quiet, "good", LedgerKind.FEE)]
    for wallet, ours in (("spot", "spot"), ("futures_linear", "cfm")):
        expected = sorted((coin(event.asset, wallet), event.amount) for event in lived if event.wallet == wallet)
        assert sorted((entry.asset, entry.amount) for entry in fees if entry.wallet == ours) == expected != []
    bases = {event.base for event in lived if event.wallet == "futures_linear"}
    assert {entry.symbol for entry in fees if entry.wallet == "cfm"} == {f"{base}/USD:USD-301220" for base in bases}
    network = [entry for entry in fees if entry.dedupe_key.endswith(":fee")]
    assert {entry.amount for entry in network} == {Decimal(-1)}


def test_the_commission_of_an_expired_contract_is_booked_by_its_sisters_coin() -> None:
    fill = {"entry_id": "1", "trade_time": "2026-02-10T00:00:00Z", "price": "1", "size": "1", "commission": "0.5"}
    fills = Reply(
        {"fills": [{**fill, "product_id": "SLP-30JAN26-CDE", "side": "BUY", "size_in_quote": False}], "cursor": ""}
    )
    details = {"contract_size": "5", "contract_root_unit": "SOL"}
    listed = {"product_id": "SLP-20DEC30-CDE", "price": "1", "future_product_details": details}
    products = Reply({"products": [listed]})
    told = {FILLS: fills, f"{V3}/market/products": products, "/v2/accounts": page([])}
    with scripted({**script(), **told}) as server:
        (entry,) = at(server).get_ledger(NOW - timedelta(days=9), NOW, wallets=["cfm"])
    assert (entry.wallet, entry.asset, entry.amount) == ("cfm", "USD", Decimal("-0.5"))
    assert (entry.symbol, entry.venue_symbol) == ("SOL/USD:USD-260130", "SLP-30JAN26-CDE")


def test_the_ledger_can_be_restricted_to_a_wallet(sandbox: Sandbox) -> None:
    connector = connect(sandbox, "good")
    assert {entry.wallet for entry in connector.get_ledger(SPANS[0][0], NOW, wallets=["cfm"])} == {"cfm"}
    assert {entry.wallet for entry in connector.get_ledger(SPANS[0][0], NOW, wallets=["vault"])} == {"vault"}
    assert asked(sandbox)[FILLS] > 0


def test_wallets_that_did_not_change_since_are_not_asked(sandbox: Sandbox) -> None:
    connect(sandbox, "dust").get_ledger(NOW - timedelta(days=2), NOW)
    assert not any(path.endswith("/transactions") for path in asked(sandbox))


def change(native: str, kind: str, amount: str, when: str = "2026-02-10T00:00:00Z") -> dict[str, object]:
    value = {"amount": amount, "currency": "BTC"}
    return {"id": native, "type": kind, "status": "completed", "amount": value, "created_at": when}


def test_a_send_that_a_move_to_the_exchange_repeats_counts_once() -> None:
    rows = [change("1", "send", "-2"), change("2", "pro_deposit", "-2"), change("3", "send", "-1")]
    with scripted({**script(), "/v2/accounts/a/transactions": page(rows)}) as server:
        found = at(server).get_ledger(NOW - timedelta(days=9), NOW)
    assert [(entry.kind, entry.amount, entry.wallet) for entry in found] == [
        (LedgerKind.TRANSFER_OUT, Decimal(-2), "spot"),
        (LedgerKind.WITHDRAWAL, Decimal(-1), "spot"),
    ]


def test_what_was_pending_for_days_is_told_when_it_completes() -> None:
    began, done = "2026-02-06T00:00:00-03:00", "2026-02-10T09:00:00Z"
    rows = [
        {**change("1", "fiat_deposit", "500", began), "updated_at": done},
        {**change("2", "fiat_deposit", "70", began), "updated_at": began},
        {**change("3", "receive", "9", began), "updated_at": done, "status": "pending"},
    ]
    with scripted({**script(), "/v2/accounts/a/transactions": page(rows)}) as server:
        found = at(server).get_ledger(datetime(2026, 2, 10, 8, 50, tzinfo=UTC), NOW)
    assert [(entry.id, entry.amount) for entry in found] == [("1", Decimal(500))]
    assert found[0].booked_at == datetime(2026, 2, 6, 3, tzinfo=UTC)
    assert found[0].booked_at.tzinfo is UTC


def test_a_fee_inside_a_send_is_split_off_to_the_last_digit() -> None:
    fee = {"status": "confirmed", "hash": "h", "transaction_fee": {"amount": "0.00021", "currency": "BTC"}}
    rows = [{**change("1", "send", "-0.05770427"), "network": fee}]
    with scripted({**script(), "/v2/accounts/a/transactions": page(rows)}) as server:
        found = at(server).get_ledger(NOW - timedelta(days=9), NOW)
    assert [(entry.kind, entry.amount, entry.dedupe_key) for entry in found] == [
        (LedgerKind.WITHDRAWAL, Decimal("-0.05749427"), "tx:1"),
        (LedgerKind.FEE, Decimal("-0.00021"), "tx:1:fee"),
    ]


def test_transactions_are_walked_by_the_next_address_until_they_are_too_old() -> None:
    path = "/v2/accounts/a/transactions"
    pages = [
        page([change("1", "receive", "1")], f"{path}?limit=100&starting_after=1"),
        page([change("2", "receive", "2", "2026-02-01T00:00:00+00:00")], f"{path}?limit=100&starting_after=2"),
        page([change("3", "receive", "3", "2026-01-01T00:00:00Z")], f"{path}?limit=100&starting_after=3"),
    ]
    with scripted({**script(), path: list(pages)}) as server:
        found = at(server).get_ledger(datetime(2026, 1, 31, tzinfo=UTC), NOW)
    assert [entry.id for entry in found] == ["2", "1"]
    assert [one.params.get("starting_after") for one in server.asked if one.path == path] == [None, "1", "2"]


@pytest.mark.parametrize(
    "following", ["/v2/accounts/a/transactions?limit=100", "/v2/accounts/b/transactions?limit=100&starting_after=1"]
)
def test_pages_that_circle_or_lead_elsewhere_are_a_bad_response(following: str) -> None:
    reply = page([change("1", "receive", "1")], following)
    with scripted({**script(), "/v2/accounts/a/transactions": reply}) as server, pytest.raises(BadResponseError):
        at(server).get_ledger(NOW - timedelta(days=9), NOW)


def test_fills_behind_a_second_factor_are_an_error_and_no_zero() -> None:
    hidden = Reply({"fills": [], "cursor": "", "proof_token_required": True})
    with (
        scripted({**script(), "/v2/accounts": page([]), FILLS: hidden}) as server,
        pytest.raises(AccountRestrictedError) as caught,
    ):
        at(server).get_ledger(NOW - timedelta(days=9), NOW)
    assert caught.value.venue_code == "proof_token_required"
