"""How ccxt is asked for Binance accounts."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from tests.connectors.agreement.clients import Client, Ledger, coins, parsed_flows
from tests.connectors.agreement.world import NOW_MS, SINCE_MS, Amounts, Params

MONTH_MS = 29 * 86_400_000


def by_time(client: Any, params: Params) -> Iterator[Any]:  # noqa: ANN401 - ccxt has no types
    """Walk from the oldest page on, by the time of its last row."""
    since, seen = SINCE_MS, set()
    while True:
        page = client.fetch_ledger(None, since, 1000, {**params, "until": NOW_MS})
        new = [row for row in page if (row["id"], row["info"]["incomeType"]) not in seen]
        seen |= {(row["id"], row["info"]["incomeType"]) for row in new}
        yield from new
        if len(page) < 1000:
            return
        since = page[-1]["timestamp"]


def income(kind: str) -> tuple[Ledger, ...]:
    return (
        Ledger(
            {"type": kind},
            lambda info: Decimal(info["income"]),
            lambda info: bool(info["incomeType"] == "FUNDING_FEE"),
            by_time,
        ),
    )


def dividends() -> Ledger:
    """Return what spot wallets were given, that ccxt reaches but does not parse."""

    def pages(client: Any, params: Params) -> Iterator[Any]:  # noqa: ANN401
        asked = {"startTime": SINCE_MS, "endTime": NOW_MS, "limit": 500}
        for row in client.sapiGetAssetAssetDividend(asked)["rows"]:
            yield {"timestamp": int(row["divTime"]), "currency": row["asset"], "info": row}

    return Ledger({}, lambda info: Decimal(info["amount"]), lambda info: False, pages)


def moved(wallet: str) -> Ledger:
    """Return what left a wallet for another one, or came from there, that ccxt reaches but does not parse."""
    name = {"spot": "MAIN", "funding": "FUNDING"}.get(wallet)
    others = ("FUNDING", "UMFUTURE", "CMFUTURE") if name == "MAIN" else ("MAIN", "UMFUTURE", "CMFUTURE")

    def pages(client: Any, params: Params) -> Iterator[Any]:  # noqa: ANN401
        for other in others if name else ():
            for kind, sign in ((f"{name}_{other}", -1), (f"{other}_{name}", 1)):
                asked = {"type": kind, "startTime": SINCE_MS, "endTime": NOW_MS, "size": 100}
                for row in client.sapiGetAssetTransfer(asked).get("rows", []):
                    yield _signed(row, "timestamp", sign)
        # what goes into earn comes from spot here
        for start in range(SINCE_MS, NOW_MS, MONTH_MS) if wallet != "funding" else ():
            asked = {"startTime": start, "endTime": min(start + MONTH_MS - 1, NOW_MS), "size": 100}
            for row in client.sapiGetSimpleEarnFlexibleHistorySubscriptionRecord(asked)["rows"]:
                yield _signed(row, "time", -1 if wallet == "spot" else 1)

    return Ledger({}, lambda info: Decimal(info["amount"]), lambda info: False, pages)


def bought() -> Ledger:
    """Return the changes of each spot trade, that ccxt asks pair by pair as well: base, quote, commission."""

    def pages(client: Any, params: Params) -> Iterator[Any]:  # noqa: ANN401
        client.load_markets()
        for symbol in sorted(name for name, market in client.markets.items() if market["spot"]):
            lived = client.fetch_my_trades(symbol, None, 1000) if _is_common(symbol) else ()
            for trade in (item for item in lived if SINCE_MS <= item["timestamp"] <= NOW_MS):
                base, quote = symbol.split("/")
                side, fee = 1 if trade["side"] == "buy" else -1, trade["fee"]
                parts = (
                    (base, side, trade["amount"]),
                    (quote, -side, trade["cost"]),
                    (fee["currency"], -1, fee["cost"]),
                )
                for asset, sign, amount in parts:
                    info = {"amount": sign * Decimal(str(amount))}
                    yield {"timestamp": trade["timestamp"], "currency": asset, "info": info}

    return Ledger({}, lambda info: Decimal(info["amount"]), lambda info: False, pages)


def _is_common(symbol: str) -> bool:
    return not symbol.startswith("TINY")


def _signed(row: Any, time: str, sign: int) -> Any:  # noqa: ANN401
    info = {**row, "amount": Decimal(row["amount"]) * sign}
    return {"timestamp": int(row[time]), "currency": row["asset"], "info": info}


def margined(client: Any) -> Amounts:  # noqa: ANN401
    """Return what lies in isolated margin accounts, that ccxt tells apart by their pairs."""
    found = client.sapiGetMarginIsolatedAccount()["assets"]
    return coins([row[side] for row in found for side in ("baseAsset", "quoteAsset")], "free", "locked", coin="asset")


def portfolio_positions(client: Any, params: Params) -> list[Params]:  # noqa: ANN401
    """Return positions of portfolio margin, that ccxt parses beside brackets of leverage only."""
    return [
        {
            "symbol": client.safe_symbol(row["symbol"], None, None, "swap"),
            "side": "long" if Decimal(row["positionAmt"]) > 0 else "short",
            "marginMode": None,
            "hedged": row["positionSide"] != "BOTH",
            "contracts": abs(Decimal(row["positionAmt"])),
            "entryPrice": row["entryPrice"],
            "markPrice": row["markPrice"],
            "unrealizedPnl": row["unRealizedProfit"],
        }
        for row in [*client.papiGetUmPositionRisk(), *client.papiGetCmPositionRisk()]
    ]


def portfolio_income() -> tuple[Ledger, ...]:
    def ledger(call: str) -> Ledger:
        def pages(client: Any, params: Params) -> Iterator[Any]:  # noqa: ANN401
            rows = getattr(client, call)({"startTime": SINCE_MS, "endTime": NOW_MS, "limit": 1000})
            assert len(rows) < 1000
            yield from ({"timestamp": int(row["time"]), "currency": row["asset"], "info": row} for row in rows)

        return Ledger({}, lambda info: Decimal(info["income"]), lambda info: info["incomeType"] == "FUNDING_FEE", pages)

    return ledger("papiGetUmIncome"), ledger("papiGetCmIncome")


def transfers(wallet: str, *others: str) -> Ledger:
    """Return the moves between a wallet and others, that ccxt reads one direction at a time, by Binance's names."""

    def pages(client: Any, params: Params) -> Iterator[Any]:  # noqa: ANN401
        for kind in [name for other in others for name in (f"{wallet}_{other}", f"{other}_{wallet}")]:
            asked = {"type": kind, "startTime": SINCE_MS, "endTime": NOW_MS, "size": 100}
            for row in client.sapiGetAssetTransfer(asked).get("rows", []):
                yield {"timestamp": int(row["timestamp"]), "currency": row["asset"], "info": row}

    def change(info: Params) -> Decimal:
        return -Decimal(info["amount"]) if info["type"].startswith(f"{wallet}_") else Decimal(info["amount"])

    return Ledger({}, change, lambda info: False, pages)


def bots(client: Any) -> Amounts:  # noqa: ANN401
    """Return what trading bots are worth."""
    rows = client.sapiGetAssetWalletBalance({"quoteAsset": "USDT"})
    return {"USDT": sum((Decimal(row["balance"]) for row in rows if row["walletName"] == "Trading Bots"), Decimal(0))}


def saved(client: Any) -> Amounts:  # noqa: ANN401
    """Return flexible savings, also those that are pledged."""
    return coins(client.sapiGetSimpleEarnFlexiblePosition({"size": 100})["rows"], "totalAmount", coin="asset")


def owed(client: Any) -> Amounts:  # noqa: ANN401
    """Return the debts of flexible loans."""
    debts = coins(client.sapiV2GetLoanFlexibleOngoingOrders({"limit": 100})["rows"], "totalDebt", coin="loanCoin")
    return {coin: -amount for coin, amount in debts.items()}


def repeats_savings(asset: str) -> bool:
    return asset.startswith("LD") and asset != "LDO"


FUNDING = {"type": "funding"}
CLIENTS = (
    Client(
        wallets={
            "spot": ({},),
            "funding": ({"type": "funding"},),
            "usdm": ({"type": "future"},),
            "coinm": ({"type": "delivery"},),
        },
        raw={
            "earn_flexible": saved,
            "earn_locked": lambda client: coins(
                client.sapiGetSimpleEarnLockedPosition({"size": 100})["rows"], "amount", coin="asset"
            ),
        },
        is_copy=repeats_savings,
        positions=({}, {"subType": "inverse"}),
        ledgers={
            "spot": (dividends(), moved("spot"), bought()),
            "funding": (moved("funding"),),
            "earn_flexible": (moved("earn_flexible"),),
            "usdm": income("future"),
            "coinm": income("delivery"),
        },
        flowless=frozenset({"spot"}),
        flows=lambda client: parsed_flows(client, "BRL"),
    ),
    Client(
        keys=("margin",),
        wallets={"spot": ({},), "funding": (FUNDING,), "margin_cross": ({"type": "margin"},)},
        raw={"earn_flexible": saved, "loans": owed, "margin_isolated": margined, "bots": bots},
        is_copy=repeats_savings,
        cash=frozenset({"margin_cross"}),
        flowless=frozenset({"spot"}),
        ledgers={"spot": (dividends(), bought())},
    ),
    Client(
        keys=("portfolio",),
        wallets={"spot": ({},), "funding": (FUNDING,)},
        raw={"portfolio_margin": lambda client: coins(client.papiGetBalance(), "totalWalletBalance", coin="asset")},
        held=portfolio_positions,
        ledgers={
            "portfolio_margin": portfolio_income(),
            "spot": (transfers("MAIN", "PORTFOLIO_MARGIN", "FUNDING"), bought()),
            "funding": (transfers("FUNDING", "MAIN"),),
        },
        flowless=frozenset({"spot"}),
    ),
)
