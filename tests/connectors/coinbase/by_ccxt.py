"""How ccxt is asked for what it does not parse of Coinbase: whole histories, vaults, the derivatives account."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

Params = dict[str, Any]


def app_pages(ask: Callable[[Params], Any], params: Params) -> Iterator[Any]:
    """Walk a list of the Coinbase App, newest first, below the last id of each page."""
    asked = {**params, "limit": 100}
    while rows := ask(asked)["data"]:
        yield from rows
        asked["starting_after"] = rows[-1]["id"]


def app_rows(client: Any, *kinds: str) -> Iterator[Any]:  # noqa: ANN401 - ccxt has no types
    """Walk the transactions of every used wallet that is no vault and no staked coin, all or of some types."""
    for wallet in app_pages(client.v2PrivateGetAccounts, {}):
        ordinary = wallet["type"] != "vault" and not wallet["name"].startswith("Staked")
        if ordinary and wallet["updated_at"] > wallet["created_at"]:
            for row in app_pages(client.v2PrivateGetAccountsAccountIdTransactions, {"account_id": wallet["id"]}):
                if not kinds or row["type"] in kinds:
                    yield row


def app_flows(client: Any, since_ms: int) -> tuple[list[Params], list[Params]]:  # noqa: ANN401
    """Return what came and left by the transactions, where ccxt's own lists hold fiat only."""
    rows = list(app_rows(client, "send", "receive", "fiat_deposit", "fiat_withdrawal"))
    found = client.parse_transactions(rows, None, since_ms)
    # ccxt takes the amount without the fee, which has no sign, for what came
    left = [row for row in found if row["info"]["amount"]["amount"].startswith("-")]
    return [row for row in found if row not in left], left


def with_commissions(client: Any, since_ms: int) -> Iterator[Any]:  # noqa: ANN401
    """Walk the transactions, then the commissions of spot fills, which no transaction holds."""
    yield from (row for row in client.parse_ledger(list(app_rows(client)), None, since_ms) if row["status"] == "ok")
    asked: Params = {"limit": 100}
    while rows := (answer := client.v3PrivateGetBrokerageOrdersHistoricalFills(asked))["fills"]:
        for row in rows:
            quote, at = row["product_id"].split("-")[-1], client.parse8601(row["trade_time"])
            if quote != "CDE" and at >= since_ms:
                yield {"timestamp": at, "currency": quote, "info": {"amount": {"amount": "-" + row["commission"]}}}
        asked["cursor"] = answer["cursor"]


def vaults(client: Any) -> dict[str, Decimal]:  # noqa: ANN401
    return {
        row["balance"]["currency"]: Decimal(row["balance"]["amount"])
        for row in app_pages(client.v2PrivateGetAccounts, {})
        if row["type"] == "vault" or row["name"].startswith("Staked")
    }


def derivatives_cash(client: Any) -> dict[str, Decimal]:  # noqa: ANN401
    summary = client.v3PrivateGetBrokerageCfmBalanceSummary()["balance_summary"]
    return {"USD": Decimal(summary["cfm_usd_balance"]["value"])} if summary else {}


def contracts(client: Any, params: Params) -> list[Params]:  # noqa: ANN401
    """Return positions in US derivatives, that this ccxt reaches but does not parse, by the symbols of its markets."""
    return [
        {
            "symbol": client.safe_symbol(row["product_id"], None, None, "future"),
            "side": row["side"].lower(),
            "marginMode": None,
            "hedged": None,
            "contracts": row["number_of_contracts"],
            "entryPrice": row["avg_entry_price"],
            "markPrice": row["current_price"],
            "unrealizedPnl": row["unrealized_pnl"],
        }
        for row in client.v3PrivateGetBrokerageCfmPositions(params)["positions"]
    ]
