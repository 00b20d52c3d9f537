"""Positions and risk of a client, from the latest state in a real database: figures worked by hand."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import event

from core.domain.types import ExchangeAccount, OpenPosition, WalletState
from core.errors import NotFoundError, StepUpRequiredError
from core.services.overview import ALL, MAIN
from core.services.overview_types import EmptyState
from core.services.risk import load_risk
from core.services.risk_export import open_risk_export
from core.services.risk_types import Basis, Reason, Risk, RiskRow
from tests.core.persistence.makers import (
    DAY,
    HOUR,
    MINUTE,
    Change,
    make_balance,
    make_ledger,
    make_position,
    make_wallet,
)
from tests.core.services.office import NOW, Office, look

FUTURES = "futures"
EIGHT = 8 * HOUR


def ask(office: Office, view: str | UUID = MAIN, **changes: Change) -> Risk:
    asked = {"client_id": office.ana.id, "view": str(view), "now": NOW, **changes}
    return load_risk(office.web, asked.pop("scope", office.mine), **asked)


def linear(account: ExchangeAccount, **changes: Change) -> OpenPosition:
    """Return one BTC long from 50,000 that marks 60,000 and is liquidated at 45,000, ten times levered."""
    usual: dict[str, Change] = {
        "wallet": FUTURES,
        "size_base": Decimal(1),
        "entry_price": Decimal(50000),
        "mark_price": Decimal(60000),
        "liquidation_price": Decimal(45000),
        "unrealized_pnl": Decimal(10000),
        "unrealized_usd": 10000.0,
        "notional_usd": 60000.0,
        "margin_mode": "cross",
        "opened_at": NOW - DAY,
        "seen_since": NOW - DAY,
    }
    return make_position(account, **{**usual, **changes})


def short(account: ExchangeAccount, **changes: Change) -> OpenPosition:
    """Return the other leg of a hedge: 0.6 BTC short from 62,000."""
    usual: dict[str, Change] = {
        "side": "short",
        "size_base": Decimal("0.6"),
        "entry_price": Decimal(62000),
        "liquidation_price": Decimal(75000),
        "unrealized_pnl": Decimal(1200),
        "unrealized_usd": 1200.0,
        "notional_usd": 36000.0,
        "hedged": True,
    }
    return linear(account, **{**usual, **changes})


def wallet_of(account: ExchangeAccount, equity: float, **changes: Change) -> WalletState:
    usual: dict[str, Change] = {
        "kind": "futures_linear",
        "equity": equity,
        "unrealized_pnl": 0.0,
        "unpriced": (),
        "first_ok_at": NOW - 30 * DAY,
    }
    return make_wallet(account, FUTURES, **{**usual, **changes})


def store(
    office: Office,
    account: ExchangeAccount,
    *positions: OpenPosition,
    cash: str = "20000",
    at: datetime = NOW,
    **wallet: Change,
) -> None:
    """Store a futures wallet with USDT and positions, read at `at`, and a ledger that is known up to then."""
    usd = float(cash) + sum(position.unrealized_usd or 0.0 for position in positions)
    state = wallet_of(
        account,
        usd,
        **{"as_of": at, "unrealized_pnl": sum(position.unrealized_usd or 0.0 for position in positions), **wallet},
    )
    held = make_balance(
        account, "USDT", wallet=FUTURES, total=Decimal(cash), free=None, price=Decimal(1), value=float(cash), as_of=at
    )
    shown = [replace(position, as_of=at) for position in positions]
    office.read(account, at, usd, wallets=(state,), fresh_wallets=(FUTURES,), balances=(held,), positions=shown)
    office.end_slot(account, at, read_to=at)


def pay(office: Office, account: ExchangeAccount, at: datetime, amount: str, **changes: Change) -> None:
    """Book funding of BTC/USDT:USDT."""
    booked = {
        "wallet": FUTURES,
        "kind": "funding",
        "amount": Decimal(amount),
        "booked_at": at,
        "price": Decimal(1),
        "symbol": "BTC/USDT:USDT",
        **changes,
    }
    with office.sync.begin() as uow:
        uow.ledger.add([make_ledger(account, f"{at.isoformat()}{amount}{changes}", **booked)])


def only(risk: Risk) -> RiskRow:
    (row,) = risk.positions
    return row


def main_account(office: Office, **changes: Change) -> ExchangeAccount:
    return office.account("Main", is_main=True, **changes)


# who sees what


def test_a_foreign_client_and_a_foreign_account_are_not_found(office: Office) -> None:
    foreign = office.account("Foreign", office.bruno)
    with pytest.raises(NotFoundError, match="^client$"):
        ask(office, client_id=office.bruno.id)
    with pytest.raises(NotFoundError, match="^account$"):
        ask(office, foreign.id)


def test_each_view_sums_its_own_accounts_and_never_play_money(office: Office) -> None:
    main, other, toy = main_account(office), office.account("Other"), office.account("Toy", testnet=True)
    for account in (main, other, toy, office.account("Foreign", office.bruno)):
        store(office, account, linear(account))
    assert [ask(office, view).sums.gross for view in (MAIN, ALL, other.id, toy.id)] == [60e3, 120e3, 60e3, 60e3]
    assert [ask(office, view).testnet for view in (MAIN, ALL, toy.id)] == [False, False, True]
    assert only(ask(office, toy.id)).testnet


# exposure


def test_hedge_legs_add_up_in_gross_and_stay_apart_in_the_table(office: Office) -> None:
    """PRODUCT.md T17: long 1.0 and short 0.6 at 60,000 is gross 96,000 and net 24,000."""
    account = main_account(office)
    store(office, account, linear(account, hedged=True), short(account))
    risk = ask(office)
    sums = risk.sums
    assert (sums.long, sums.short, sums.gross, sums.net) == pytest.approx((60e3, 36e3, 96e3, 24e3))
    assert sums.leverage == pytest.approx(96e3 / 31200)
    assert risk.equity.value == pytest.approx(31200) == look(office, MAIN).equity.value
    assert [(row.position.side, row.notional) for row in risk.positions] == [("long", 60e3), ("short", 36e3)]
    (symbol,) = risk.symbols
    assert (symbol.long, symbol.short, symbol.gross, symbol.net) == pytest.approx((60e3, 36e3, 96e3, 24e3))
    assert dict(risk.deltas) == pytest.approx({"BTC": 24e3})


def test_an_inverse_contract_is_its_face_value_and_its_coins_are_delta_too(office: Office) -> None:
    """PRODUCT.md T16: 10,000 USD long from 50,000 to 60,000 with 0.5 BTC collateral."""
    account, price = main_account(office), Decimal(60000)
    pnl = Decimal(10000) * (1 / Decimal(50000) - 1 / Decimal(60000))
    held = linear(
        account,
        symbol="BTC/USD:BTC",
        settle_asset="BTC",
        inverse=True,
        size_base=Decimal(10000) / price,
        liquidation_price=None,
        unrealized_pnl=pnl,
        unrealized_usd=float(pnl * price),
        notional_usd=10000.0,
        leverage=Decimal(5),
    )
    coins = make_balance(account, "BTC", wallet=FUTURES, total=Decimal("0.5"), free=None, price=price, value=30000.0)
    state = wallet_of(account, 30000 + float(pnl * price), kind="futures_inverse", unrealized_pnl=float(pnl * price))
    office.read(account, NOW, 32000.0, wallets=(state,), fresh_wallets=(FUTURES,), balances=(coins,), positions=(held,))
    risk, row = ask(office), only(ask(office))
    assert (risk.sums.gross, risk.sums.net, row.notional) == pytest.approx((10000, 10000, 10000))
    assert (risk.equity.value, row.upnl) == pytest.approx((32000, 2000))
    assert dict(risk.deltas) == pytest.approx({"BTC": 40000})
    assert row.roe == pytest.approx(float(pnl) * 5 / (10000 / 50000))
    assert (row.distance, row.distance_reason) == (None, Reason.NO_LIQUIDATION)
    assert (row.funding.value, row.funding.reason) == (None, Reason.LEDGER_UNREAD)


def test_roe_is_open_pnl_over_the_margin_at_entry_and_null_with_a_reason(office: Office) -> None:
    account = main_account(office)
    store(office, account, linear(account))
    assert only(ask(office)).roe == pytest.approx(10000 / (50000 / 10))
    for changes, reason in (
        ({"leverage": None}, Reason.NO_LEVERAGE),
        ({"leverage": Decimal(0)}, Reason.NO_LEVERAGE),
        ({"entry_price": None}, Reason.NO_ENTRY),
        ({"unrealized_pnl": None}, Reason.NO_PNL),
        ({"settle_asset": "BTC"}, Reason.QUANTO),
    ):
        store(office, account, linear(account, **changes))
        row = only(ask(office))
        assert (row.roe, row.roe_reason) == (None, reason)


def test_distance_is_of_the_mark_and_the_nearest_is_on_top(office: Office) -> None:
    account = main_account(office)
    eth = linear(account, symbol="ETH/USDT:USDT", mark_price=Decimal(3000), liquidation_price=Decimal(2850))
    store(office, account, linear(account), eth)
    risk = ask(office)
    assert {row.position.symbol: row.distance for row in risk.positions} == pytest.approx(
        {"BTC/USDT:USDT": 0.25, "ETH/USDT:USDT": 0.05}
    )
    assert risk.sums.min_distance == pytest.approx(0.05)


def test_the_leg_that_a_liquidation_price_does_not_endanger_has_no_distance(office: Office) -> None:
    account = main_account(office)
    legs = (linear(account, hedged=True, liquidation_price=Decimal(75000)), short(account))
    store(office, account, *legs)
    risk = ask(office)
    assert [(row.distance, row.distance_reason) for row in risk.positions] == [
        (None, Reason.OTHER_SIDE),
        (pytest.approx(0.25), None),
    ]
    assert risk.sums.min_distance == pytest.approx(0.25)


# margin


@pytest.mark.parametrize(
    ("changes", "mode", "expected"),
    [
        ({"maintenance_margin": 240.0}, "cross", (240 / 30000, False, None)),
        ({}, "cross", (None, False, Reason.NO_MARGIN)),
        ({"maintenance_margin": 240.0}, "isolated", (None, False, Reason.ISOLATED)),
        ({"maintenance_margin": 240.0, "kind": "unified"}, "cross", (None, False, Reason.OWN_ONLY)),
        ({"maintenance_margin": 240.0, "margin_ratio": 0.031, "kind": "unified"}, "cross", (0.031, True, None)),
        ({"margin_ratio": 0.5}, "isolated", (0.5, True, None)),
    ],
)
def test_a_margin_ratio_is_computed_or_the_exchanges_own_or_null_with_a_reason(
    office: Office, changes: dict[str, Change], mode: str, expected: tuple[float | None, bool, Reason | None]
) -> None:
    account = main_account(office)
    store(office, account, linear(account, margin_mode=mode), **changes)
    (margin,) = ask(office).margins
    assert (margin.ratio, margin.own, margin.reason) == (
        expected[0] if expected[0] is None else pytest.approx(expected[0]),
        *expected[1:],
    )
    assert margin.balance == pytest.approx(30000)


def test_a_wallet_that_lost_everything_has_no_ratio(office: Office) -> None:
    account = main_account(office)
    lost = linear(account, unrealized_pnl=Decimal(-20000), unrealized_usd=-20000.0)
    store(office, account, lost, maintenance_margin=240.0)
    risk = ask(office)
    assert (risk.margins[0].ratio, risk.margins[0].reason) == (None, Reason.NO_BALANCE)
    assert (risk.sums.leverage, risk.sums.leverage_reason) == (None, Reason.NO_EQUITY)


# funding since open


def test_funding_is_summed_since_the_position_was_opened(office: Office) -> None:
    account, other = main_account(office), office.account("Other")
    store(office, account, linear(account, opened_at=NOW - 20 * HOUR))
    pay(office, account, NOW - 20 * HOUR, "-99")  # of what was open before
    pay(office, account, NOW - 16 * HOUR, "-1.25")
    pay(office, account, NOW - 8 * HOUR, "0.5")
    pay(office, account, NOW - 8 * HOUR, "-7", symbol="ETH/USDT:USDT")
    pay(office, account, NOW - 8 * HOUR, "-7", wallet="elsewhere")
    pay(office, account, NOW - 8 * HOUR, "-7", kind="fee")
    pay(office, other, NOW - 8 * HOUR, "-7")
    funding = only(ask(office)).funding
    assert (funding.amount, funding.asset) == (Decimal("-0.75"), "USDT")
    assert funding.value == pytest.approx(-0.75)
    assert (funding.since, funding.basis, funding.read_to) == (NOW - 20 * HOUR, Basis.OPENED, NOW)


def test_an_opening_that_nobody_knows_is_said_with_the_instant_that_is_summed_from(office: Office) -> None:
    account = main_account(office)
    store(office, account, linear(account, opened_at=None, seen_since=NOW - 10 * HOUR))
    pay(office, account, NOW - 16 * HOUR, "-1.25")
    pay(office, account, NOW - 8 * HOUR, "0.5")
    funding = only(ask(office)).funding
    assert (funding.amount, funding.since, funding.basis) == (Decimal("0.5"), NOW - 10 * HOUR, Basis.SEEN)
    store(office, account, linear(account, opened_at=NOW - 200 * DAY))
    funding = only(ask(office)).funding
    assert (funding.amount, funding.since, funding.basis) == (Decimal("-0.75"), NOW - 90 * DAY, Basis.LEDGER)


def test_legs_that_the_ledger_does_not_tell_apart_have_one_sum_between_them(office: Office) -> None:
    account = main_account(office)
    store(office, account, linear(account, hedged=True), short(account, opened_at=NOW - 2 * HOUR))
    pay(office, account, NOW - 8 * HOUR, "-3")
    risk = ask(office)
    assert {(row.funding.value, row.funding.reason) for row in risk.positions} == {(None, Reason.BOTH_LEGS)}
    (shared,) = risk.shared_funding
    assert (shared.funding.value, shared.funding.since, shared.symbol) == (-3.0, NOW - DAY, "BTC/USDT:USDT")


def test_a_lone_leg_in_hedge_mode_may_have_had_another_beside_it(office: Office) -> None:
    account = main_account(office)
    store(office, account, linear(account, hedged=True))
    pay(office, account, NOW - 8 * HOUR, "-3")
    risk = ask(office)
    assert (only(risk).funding.value, only(risk).funding.reason) == (None, Reason.BOTH_LEGS)
    assert [one.funding.amount for one in risk.shared_funding] == [Decimal(-3)]


@pytest.mark.parametrize(
    ("symbol", "row", "reason"),
    [
        ("BTC/USDT:USDT", {"symbol": None}, Reason.NO_PAIRS),
        ("BTC/USDT:USDT", {"price": None}, Reason.UNPRICED_ENTRY),
        ("BTC/USDT:USDT-261225", {}, Reason.NO_FUNDING),
        ("BTC/USDT", {}, Reason.NO_FUNDING),
    ],
)
def test_funding_that_cannot_be_known_is_null_with_a_reason(
    office: Office, symbol: str, row: dict[str, Change], reason: Reason
) -> None:
    account = main_account(office)
    store(office, account, linear(account, symbol=symbol))
    pay(office, account, NOW - 8 * HOUR, "-3", **row)
    assert (only(ask(office)).funding.value, only(ask(office)).funding.reason) == (None, reason)


# what is old, what is missing


def test_wallets_that_failed_are_counted_named_and_keep_their_last_good_value(office: Office) -> None:
    account = main_account(office)
    earlier = NOW - 20 * MINUTE
    store(office, account, linear(account), at=earlier, ok=False, reason="network", attempted_at=NOW)
    risk, row = ask(office), only(ask(office))
    assert (risk.wallets_read, risk.wallets_total, risk.status) == (0, 1, "stale")
    assert (risk.checked_at, row.position.as_of, row.carried) == (earlier, earlier, True)
    assert (risk.equity.carried, risk.sums.gross) == (("Main · futures",), 60e3)


def test_after_a_day_without_a_reading_leverage_is_unknown(office: Office) -> None:
    account = main_account(office)
    store(office, account, linear(account), at=NOW - 25 * HOUR)
    risk = ask(office)
    assert (risk.equity.value, risk.sums.leverage, risk.sums.leverage_reason) == (None, None, Reason.GAP)
    assert risk.sums.gross == 60e3


def test_what_has_no_price_is_listed_and_in_no_sum(office: Office) -> None:
    account = main_account(office)
    odd = linear(account, symbol="ODD/USDT:USDT", mark_price=None, notional_usd=None, liquidation_price=Decimal(3))
    new = make_balance(account, "NEW", wallet=FUTURES, total=Decimal(7), price=None, value=None)
    store(office, account, linear(account), odd)
    state = wallet_of(account, 30000.0, unpriced=("NEW", "XYZ"))
    office.read(
        account, NOW, 30000.0, wallets=(state,), fresh_wallets=(FUTURES,), balances=(new,),
        positions=(linear(account), odd),
    )  # fmt: skip
    risk = ask(office)
    assert [(one.asset, one.amount) for one in risk.unpriced] == [("NEW", Decimal(7)), ("XYZ", None)]
    assert (risk.sums.gross, risk.sums.unvalued) == (60e3, 1)
    last = risk.positions[-1]
    assert (last.notional, last.notional_reason, last.distance_reason) == (None, Reason.NO_MARK, Reason.NO_MARK)


def test_without_a_rate_money_is_unknown_never_the_dollars_figure(office: Office) -> None:
    account = main_account(office)
    store(office, account, linear(account), maintenance_margin=240.0)
    risk = ask(office, currency="BRL")
    sums = risk.sums
    assert (risk.currency, risk.equity.value) == ("BRL", None)
    assert (sums.gross, sums.net, sums.leverage, sums.unrealized) == (None, None, None, None)
    row = only(risk)
    assert (row.notional, row.notional_reason, row.upnl_reason) == (None, Reason.NO_RATE, Reason.NO_RATE)
    assert row.distance == pytest.approx(0.25)
    assert (risk.symbols, risk.deltas, risk.margins[0].balance) == ((), (), None)


def test_a_coin_as_currency_follows_its_price(office: Office) -> None:
    account = main_account(office)
    store(office, account, linear(account))
    coins = make_balance(account, "BTC", wallet=FUTURES, total=Decimal(1), price=Decimal(50000), value=50000.0)
    office.read(
        account, NOW, 50000.0, wallets=(wallet_of(account, 50000.0),), fresh_wallets=(FUTURES,), balances=(coins,),
        positions=(linear(account, unrealized_pnl=Decimal(0), unrealized_usd=0.0),),
    )  # fmt: skip
    risk = ask(office, currency="BTC")
    assert (risk.sums.gross, risk.equity.value, risk.sums.leverage) == pytest.approx((1.2, 1.0, 1.2))


# reasons for an empty screen


def test_every_empty_screen_has_its_own_reason(office: Office) -> None:
    assert ask(office).empty is EmptyState.NO_ACCOUNT
    account = office.account("Reserve")
    assert ask(office).empty is EmptyState.FILTERED
    assert ask(office, ALL).empty is EmptyState.FIRST_SYNC
    office.end_slot(account, NOW, error_code="network")
    assert ask(office, ALL).empty is EmptyState.FAILED
    store(office, account)
    risk = ask(office, ALL)
    assert (risk.empty, risk.flat, risk.checked_at) == (EmptyState.NONE, True, NOW)
    assert (risk.sums.gross, risk.sums.leverage, risk.sums.min_distance) == (0.0, 0.0, None)


def test_a_page_costs_two_queries(office: Office) -> None:
    account = main_account(office)
    store(office, account, linear(account))
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.lstrip().upper().startswith(("SELECT", "WITH", "(SELECT")):
            seen.append(statement)

    event.listen(office.web.engine, "before_cursor_execute", note)
    try:
        ask(office)
    finally:
        event.remove(office.web.engine, "before_cursor_execute", note)
    assert len([statement for statement in seen if "set_config" not in statement]) == 2


# the file


def test_the_file_needs_a_recent_login_and_an_own_client(office: Office) -> None:
    with pytest.raises(NotFoundError):
        open_risk_export(office.web, office.mine, client_id=office.bruno.id, now=NOW)
    old = replace(office.mine, authenticated_at=NOW - timedelta(minutes=11))
    with pytest.raises(StepUpRequiredError):
        open_risk_export(office.web, old, client_id=office.ana.id, now=NOW)


def test_every_line_of_the_file_has_as_many_cells_as_columns(office: Office) -> None:
    account = main_account(office)
    store(office, account, linear(account, hedged=True), short(account), unpriced=("XYZ",))
    export = open_risk_export(office.web, office.mine, client_id=office.ana.id, view=MAIN, now=NOW)
    names = [column.name for column in export.columns]
    rows = [dict(zip(names, row, strict=True)) for row in export.rows]
    assert len(set(names)) == len(names)
    assert {row["section"] for row in rows} == {"sum", "pair", "asset", "wallet", "legs", "unpriced", "position"}
    assert {row["item"]: row["value"] for row in rows if row["section"] == "sum"}["net"] == pytest.approx(24e3)
