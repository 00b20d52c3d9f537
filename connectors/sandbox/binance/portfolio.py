"""Binance portfolio margin (`/papi`): margin and futures in one wallet, refused to other accounts.

A transfer from spot arrives on the margin side and is moved to futures at once: income tells of the second step only.
"""

from decimal import Decimal

from connectors.sandbox.accounts import AccountSpec, FirstPosition, Habits
from connectors.sandbox.binance import futures
from connectors.sandbox.binance.common import PORTFOLIO_MARGIN, error
from connectors.sandbox.binance.margin import owed
from connectors.sandbox.binance.spot import trades_of
from connectors.sandbox.dialect import Call, Endpoint, Handler
from connectors.sandbox.model import ZERO, OpenPosition, q8, to_ms
from connectors.sandbox.wire import amount, text
from connectors.types import Side

WALLET = "portfolio_margin"
HAIRCUT = Decimal("0.95")
Row = dict[str, object]


def account(exchange: str, uid: str) -> AccountSpec:
    """Return a portfolio margin account with debts and two open positions."""
    return AccountSpec(
        uid,
        exchange,
        "portfolio",
        opening={
            "spot": {"USDT": Decimal(2000), "BTC": Decimal("0.05")},
            "funding": {"USDT": Decimal(150)},
            WALLET: {"USDT": Decimal(14000), "BTC": Decimal("0.2"), "ETH": Decimal("-0.4"), "BNB": Decimal(9)},
        },
        habits=Habits(
            spot_trades=1,
            futures_trades=4,
            deposit_every=7,
            withdraw_every=11,
            transfer_every=3,
            contracts=("BTC", "ETH"),
        ),
        first_positions=(
            FirstPosition("BTC", Side.LONG, Decimal(3000)),
            FirstPosition("ETH", Side.SHORT, Decimal(1200)),
        ),
        mode=PORTFOLIO_MARGIN,
        linear=WALLET,
    )


def balance(call: Call) -> object:
    """GET /papi/v1/balance: the wallet balance holds what is borrowed."""
    book = call.book()
    pnl = book.unrealized(WALLET)
    held = book.amounts(WALLET)
    return [_asset(asset, held.get(asset, ZERO), pnl.get(asset, ZERO), to_ms(book.at)) for asset in {**held, **pnl}]


def _asset(asset: str, net: Decimal, pnl: Decimal, now: int) -> Row:
    borrowed, interest = owed(asset, net) if net else (ZERO, ZERO)
    cash = net + borrowed + interest
    in_futures = q8(cash / 2)
    return {
        "asset": asset,
        "totalWalletBalance": amount(cash),
        "crossMarginAsset": amount(cash - in_futures),
        "crossMarginBorrowed": amount(borrowed),
        "crossMarginFree": amount(cash - in_futures),
        "crossMarginInterest": amount(interest),
        "crossMarginLocked": "0.0",
        "umWalletBalance": amount(in_futures),
        "umUnrealizedPNL": amount(pnl),
        "cmWalletBalance": "0.0",
        "cmUnrealizedPNL": "",
        "updateTime": now,
        "negativeBalance": "0.0",
    }


def summary(call: Call) -> object:
    """GET /papi/v1/account: sums in USD, with and without haircut."""
    book = call.book()
    equity = call.world.equity(book)[0].get(WALLET, ZERO)
    mine = [position for position in book.positions if position.wallet == WALLET]
    least = sum((position.maintenance_margin for position in mine), ZERO)
    return {
        "uniMMR": amount(equity * HAIRCUT / least) if least else "99999999",
        "accountEquity": amount(equity * HAIRCUT),
        "actualEquity": amount(equity),
        "accountInitialMargin": amount(sum((position.initial_margin for position in mine), ZERO)),
        "accountMaintMargin": amount(least),
        "accountStatus": "NORMAL",
        "virtualMaxWithdrawAmount": amount(equity),
        "totalAvailableBalance": "",
        "totalMarginOpenLoss": "",
        "updateTime": call.site.now_ms(),
    }


def linear_positions(call: Call) -> object:
    """GET /papi/v1/um/positionRisk: no margin asset, no margin type."""
    return [_position(call, position) for position in call.book().positions if position.wallet == WALLET]


def _position(call: Call, position: OpenPosition) -> Row:
    return {
        "symbol": futures.linear_symbol(position.base),
        "positionAmt": text(position.signed_contracts),
        "entryPrice": text(position.entry),
        "breakEvenPrice": text(position.entry),
        "markPrice": amount(position.mark),
        "unRealizedProfit": amount(position.unrealized),
        "liquidationPrice": text(position.liquidation or ZERO),
        "leverage": str(position.leverage),
        "positionSide": futures.position_side(call, position),
        "updateTime": to_ms(position.held.updated_at),
        "maxNotionalValue": "500000.0",
        "notional": amount(position.notional * position.held.sign),
    }


def inverse_positions(call: Call) -> object:
    """GET /papi/v1/cm/positionRisk: nothing is held there."""
    return []


def linear_income(call: Call) -> object:
    """GET /papi/v1/um/income."""
    return futures.income(call, WALLET, text_ids=False)


def inverse_income(call: Call) -> object:
    """GET /papi/v1/cm/income: nothing happens there."""
    return []


def margin_trades(call: Call) -> object:
    """GET /papi/v1/margin/myTrades: fills of one symbol."""
    return trades_of(call, WALLET)


def _only_here(handler: Handler) -> Handler:
    def answer(call: Call) -> object:
        if call.account.mode != PORTFOLIO_MARGIN:
            raise error(-2015, "Invalid API-key, IP, or permissions for action.", 401)
        return handler(call)

    return answer


ENDPOINTS = {
    ("GET", "/papi/v1/balance"): Endpoint(_only_here(balance), 20),
    ("GET", "/papi/v1/account"): Endpoint(_only_here(summary), 20),
    ("GET", "/papi/v1/um/positionRisk"): Endpoint(_only_here(linear_positions), 5),
    ("GET", "/papi/v1/cm/positionRisk"): Endpoint(_only_here(inverse_positions)),
    ("GET", "/papi/v1/margin/myTrades"): Endpoint(_only_here(margin_trades), 5),
    ("GET", "/papi/v1/um/income"): Endpoint(_only_here(linear_income), 30),
    ("GET", "/papi/v1/cm/income"): Endpoint(_only_here(inverse_income), 30),
}
