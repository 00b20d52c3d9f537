"""Traps of the product's list of acceptance vectors, on our own functions: equity, fees, funding, prices, figures."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from connectors.types import Balance, Side, WalletAccount, WalletKind
from connectors.types import Position as Reported
from core.api.csv_text import make_dialect
from core.domain.pnl import closed_positions, equity_at, exposure
from core.domain.pricing import Market, Quote
from core.domain.valuation import value_wallet
from tests.connectors.cases import samples
from tests.connectors.test_samples import read
from tests.core.domain.pnl.story import Story, at
from tests.core.persistence import makers

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def about(value: float) -> object:
    return pytest.approx(value, rel=1e-9, abs=1e-9)


def worth(*balances: Balance, positions: tuple[Reported, ...] = (), price: str = "1") -> float:
    account = makers.make_account(makers.make_user("ana"))
    wallet = WalletAccount("w", WalletKind.UNIFIED, True, balances=balances)
    return value_wallet(account, wallet, positions, price_of=lambda _asset: Decimal(price), at=NOW).equity


def read_sample(exchange: str, name: str) -> dict[str, Any]:
    return next(read(case) for case in samples() if case.exchange == exchange and case.data["name"] == name)


def held(total: str, *, debt: str = "0", equity: str | None = None, unrealized_pnl: str | None = None) -> Balance:
    known = {name: Decimal(value) for name, value in (("equity", equity), ("pnl", unrealized_pnl)) if value is not None}
    return Balance(
        "w",
        "USDT",
        None,
        None,
        Decimal(total),
        Decimal(debt),
        equity=known.get("equity"),
        unrealized_pnl=known.get("pnl"),
    )


def position(upnl: str) -> Reported:
    zero = Decimal(0)
    return Reported("w", "BTC/USDT:USDT", "BTCUSDT", Side.LONG, Decimal(1), "USDT", zero, zero, Decimal(upnl))


def trade(entry: str, exit_: str, *, fee_in: str = "0", fee_out: str = "0", funding: str = "0", **given: Any) -> Any:  # noqa: ANN401
    base = {"account": "A", "symbol": "S", "qty": "1", "settle": "USDT", **given}
    fills = [
        {**base, "ts": NOW, "side": "buy", "price": entry, "fee": fee_in},
        {**base, "ts": NOW + timedelta(hours=9), "side": "sell", "price": exit_, "fee": fee_out},
    ]
    paid = [{"ts": NOW + timedelta(hours=8), "account": "A", "symbol": "S", "amount": funding, "settle_price": "1"}]
    return closed_positions(fills, paid).closed[0]


def test_t11_open_profit_counts_once_in_a_unified_account() -> None:
    given = held("1539.507378", unrealized_pnl="-186.9720527")
    assert worth(given, positions=(position("-186.9720527"),)) == about(1352.5353253)


def test_t12_open_profit_counts_in_a_coin_margined_wallet() -> None:
    assert worth(held("0.35707951"), positions=(position("0.00069641"),)) == about(0.35777592)


def test_t13_an_equity_that_holds_open_profit_gets_it_once() -> None:
    assert worth(held("1000", equity="950"), positions=(position("-50"),)) == about(950)


def test_t14_debt_and_interest_are_taken_off() -> None:
    assert worth(held("60000", debt="20005")) == about(39_995)


def test_t15_every_collateral_counts_at_its_own_price() -> None:
    story = Story().read(0, "A", {"USDT": 2_000, "BTC": 0.05}, prices={"USDT": 0.999, "BTC": 60_000})
    story.holds(0, "A", -120.0, settle_price=0.999)
    assert equity_at(story.book(), at(0)).equity == about(4878.12)


def test_t16_an_inverse_contract_earns_coins_and_its_collateral_moves_too() -> None:
    story = (
        Story().read(0, "A", {"BTC": 0.5}, prices={"BTC": 50_000}).read(1, "A", {"BTC": 0.5}, prices={"BTC": 60_000})
    )
    gain = 10_000 * (1 / 50_000 - 1 / 60_000)
    contract = {"contract": "inverse", "qty": 10_000, "settle": "BTC"}
    story.holds(0, "A", 0.0, **contract, settle_price=50_000.0).holds(1, "A", gain, **contract, settle_price=60_000.0)
    found = story.pnl(0, 1)
    assert (found.total, found.price_effect, found.unrealised_change) == (about(7_000), about(5_000), about(2_000))
    closed = trade("50000", "60000", qty="10000", contract="inverse", settle="BTC")
    assert closed["gross"] == pytest.approx(0.0333333333333, abs=1e-12)


def test_t17_both_sides_of_a_hedge_count() -> None:
    story = Story().read(0, "A", {"USDT": 10_000})
    story.holds(0, "A", 0.0, side="long", qty=1.0, mark=60_000.0).holds(
        0, "A", 0.0, side="short", qty=0.6, mark=60_000.0
    )
    found = exposure(story.book(), at(0))
    assert (found.gross, found.net) == (about(96_000), about(24_000))


def test_t18_trading_fees_are_taken_once() -> None:
    fees = {"fee_in": "-2.1509553", "fee_out": "-2.125077"}
    assert trade("3584.9255", "3541.795", **fees)["net"] == about(-47.4065323)


def test_t19_net_profit_holds_both_fees() -> None:
    found = trade("1", "0.9993", fee_in="-0.02236326", fee_out="-0.02236284")
    assert (found["gross"], found["net"]) == (about(-0.0007), about(-0.0454261))


def test_t20_gross_profit_needs_funding_and_fees_to_be_net() -> None:
    found = trade("0", "102.89", fee_out="-2.921461693902908", funding="-0.33699650000000003")
    assert found["net"] == pytest.approx(99.63, abs=0.005)


def test_t21_contracts_of_a_hundred_units() -> None:
    exit_ = "0.6330444444444444"
    found = trade("0.623", exit_, qty="27", multiplier="100", fee_out="-1.69566", funding="-11.870404179341788")
    assert found["gross"] == pytest.approx(27.12, abs=1e-10)
    assert found["net"] == pytest.approx(13.553935820658092, abs=1e-9)


def test_t22_a_complete_trade() -> None:
    found = trade("60000", "61000", fee_in="-33", fee_out="-33.55", funding="-18.3")
    assert found["net"] == about(915.15)


def test_t23_funding_that_was_paid_is_negative_whatever_the_sign_of_the_log() -> None:
    for exchange, sample in (("binance", "usdm_income_kinds"), ("bybit", "transaction_log_kinds")):
        rows = [row for row in read_sample(exchange, sample)["ledger"] if row["kind"] == "funding"]
        assert rows and all(Decimal(row["amount"]) for row in rows)
    story = Story().read(0, "A", {"USDT": 100}).book_entry(1, "A", "funding", -6.1).read(2, "A", {"USDT": 93.9})
    assert (story.pnl(0, 2).funding, story.pnl(0, 2).total) == (about(-6.1), about(-6.1))


def test_t24_a_fee_paid_in_another_coin_is_a_fee_and_the_coin_moves_by_itself() -> None:
    story = Story().read(0, "A", {"USDT": 0, "BNB": 1}, prices={"BNB": 600.0})
    story.book_entry(1, "A", "realised", 50).book_entry(1, "A", "fee", -0.02, asset="BNB", price=600.0)
    story.read(2, "A", {"USDT": 50, "BNB": 0.98}, prices={"BNB": 630.0})
    found = story.pnl(0, 2)
    assert (found.realised or 0) + (found.fees or 0) == about(38)
    assert (found.price_effect, found.total) == (about(29.4), about(50 + 17.4))


def test_t25_a_fee_in_the_bought_coin() -> None:
    story = Story().read(0, "A", {"USDT": 60_000})
    story.book_entry(1, "A", "trade", 1, asset="BTC", price=None, ref="b").book_entry(1, "A", "trade", -60_000, ref="b")
    story.book_entry(1, "A", "fee", -0.001, asset="BTC", price=60_000.0)
    story.book_entry(2, "A", "trade", -0.999, asset="BTC", price=None, ref="s")
    story.book_entry(2, "A", "trade", 61_938, ref="s").book_entry(2, "A", "fee", -61.938)
    found = story.read(3, "A", {"USDT": 61_876.062}).pnl(0, 3)
    assert (found.total, found.unexplained) == (about(1_876.062), about(0))


def test_t26_a_rebate_is_earned() -> None:
    story = Story().read(0, "A", {"USDT": 100}).book_entry(1, "A", "realised", 10).book_entry(1, "A", "rebate", 1.2)
    assert story.read(2, "A", {"USDT": 111.2}).pnl(0, 2).total == about(11.2)


def test_t27_and_t28_average_cost_and_a_flip() -> None:
    fills = [("buy", "1", "100"), ("buy", "1", "200"), ("sell", "1", "180")]
    rows = [{"ts": NOW + timedelta(minutes=n), "account": "A", "symbol": "S", "side": side, "qty": qty, "price": price}
            for n, (side, qty, price) in enumerate(fills)]  # fmt: skip
    still = closed_positions(rows).open[0]
    assert (still["gross"], still["entry"]) == (about(30), about(150))
    assert still["gross"] + (190 - still["entry"]) * still["qty"] == about(70)
    flip = [{**rows[0], "qty": "1"}, {**rows[2], "qty": "2", "price": "110"}]
    found = closed_positions(flip)
    assert found.closed[0]["gross"] == about(10)
    assert (found.open[0]["direction"], (found.open[0]["entry"] - 105) * found.open[0]["qty"]) == ("short", about(5))


def test_t29_and_t30_liquidation_and_bonus_have_lines_of_their_own() -> None:
    story = Story().read(0, "A", {"USDT": 1_000}).book_entry(1, "A", "realised", -500)
    story.book_entry(1, "A", "liquidation_fee", -7.5).book_entry(2, "A", "bonus", 20).read(3, "A", {"USDT": 512.5})
    found = story.pnl(0, 3)
    assert ((found.realised or 0) + (found.fees or 0), found.other_income) == (about(-507.5), about(20))


def test_t31_tokens_that_repeat_earn_do_not_count_and_a_coin_that_sounds_so_does() -> None:
    assets = {row["asset"] for row in read_sample("binance", "spot_account_ld_tokens")["balances"]}
    assert "LDO" in assets
    assert not {asset for asset in assets if asset.startswith("LD")} - {"LDO"}


def test_t32_t33_and_t36_prices_are_markets_and_never_guessed() -> None:
    quotes = [("USDC", "USD", "0.88", "x"), ("SUSD", "USD", "0.23", "x"), ("X", "BTC", "0.0005", "x"),
              ("BTC", "USD", "60000", "x"), ("TICK", "USD", "0.15", "venue")]  # fmt: skip
    market = Market.of([Quote(base, quote, Decimal(price), NOW, source) for base, quote, price, source in quotes], NOW)
    values = {name: market.resolve(name).price for name in ("USDC", "SUSD", "X", "TICK", "NOBODY")}
    assert values == {
        "USDC": Decimal("0.88"),
        "SUSD": Decimal("0.23"),
        "X": 30,
        "TICK": Decimal("0.15"),
        "NOBODY": None,
    }


def test_t34_a_contract_of_a_thousand_coins_has_the_notional_of_its_coins() -> None:
    story = Story().read(0, "A", {"USDT": 100})
    story.holds(0, "A", 0.0, symbol="1000PEPEUSDT", base="1000PEPE", qty=1_000, mark=0.01)
    assert exposure(story.book(), at(0)).gross == about(1_000_000 * 0.00001)


def test_t38_what_is_locked_in_orders_is_held() -> None:
    assert worth(Balance("w", "USDT", Decimal("0.4"), Decimal("0.6"), Decimal(1))) == 1


def test_t50_a_number_in_a_brazilian_file_parses_back() -> None:
    dialect = make_dialect("pt-BR", "America/Sao_Paulo")
    assert dialect is not None
    cell = dialect.format_cell(Decimal("1234567.89"))
    assert (cell, dialect.delimiter) == ("1234567,89", ";")
    assert Decimal(cell.replace(",", ".")) == Decimal("1234567.89")
