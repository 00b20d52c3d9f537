"""How ccxt is asked for what it does not parse of Coinbase: whole histories, vaults, the derivatives account."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

from tests.connectors.agreement.clients import Client, Ledger
from tests.connectors.agreement.world import SINCE_MS

Params = dict[str, Any]


def app_pages(ask: Callable[[Params], Any], params: Params) -> Iterator[Any]:
    """Walk a list of the Coinbase App, newest first, below the last id of each page."""
    asked = {**params, "limit": 100}
    while rows := ask(asked)["data"]:
        yield from rows
        asked["starting_after"] = rows[-1]["id"]


def app_rows(client: Any, *kinds: str, apart: bool = False) -> Iterator[Any]:  # noqa: ANN401 - ccxt has no types
    """Walk the transactions, all or of some types, of every used wallet: ordinary ones, or vaults and staked coins."""
    for wallet in app_pages(client.v2PrivateGetAccounts, {}):
        lies_apart = wallet["type"] == "vault" or wallet["name"].startswith("Staked")
        if lies_apart is apart and wallet["updated_at"] > wallet["created_at"]:
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


def transactions(client: Any, since_ms: int, *, apart: bool = False) -> Iterator[Any]:  # noqa: ANN401
    """Walk the completed transactions of ordinary wallets, or of those apart."""
    rows = client.parse_ledger(list(app_rows(client, apart=apart)), None, since_ms)
    yield from (row for row in rows if row["status"] == "ok")


def settlements(client: Any, since_ms: int) -> Iterator[Any]:  # noqa: ANN401
    """Walk what the derivatives account got from ordinary wallets, in dollars."""
    for row in transactions(client, since_ms):
        if row["info"]["type"] == "derivatives_settlement":
            cost = str(-Decimal(row["info"]["amount"]["amount"]))
            yield {"timestamp": row["timestamp"], "currency": "USD", "info": {"amount": {"amount": cost}}}


def commissions(client: Any, since_ms: int, *, contracts: bool = False) -> Iterator[Any]:  # noqa: ANN401
    """Walk the commissions, which no transaction holds, of spot fills or of those of contracts."""
    asked: Params = {"limit": 100}
    while rows := (answer := client.v3PrivateGetBrokerageOrdersHistoricalFills(asked))["fills"]:
        for row in rows:
            quote, at = row["product_id"].split("-")[-1], client.parse8601(row["trade_time"])
            if (quote == "CDE") is contracts and at >= since_ms:
                currency, cost = "USD" if contracts else quote, "-" + row["commission"]
                yield {"timestamp": at, "currency": currency, "info": {"amount": {"amount": cost}}}
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


def changes(walk: Callable[[Any], Iterator[Any]]) -> Ledger:
    return Ledger(
        {}, lambda info: Decimal(info["amount"]["amount"]), lambda info: False, lambda client, params: walk(client)
    )


SPOT = (
    changes(lambda client: transactions(client, SINCE_MS)),
    changes(lambda client: commissions(client, SINCE_MS)),
)
VAULT = (changes(lambda client: transactions(client, SINCE_MS, apart=True)),)
DERIVATIVES = (
    changes(lambda client: commissions(client, SINCE_MS, contracts=True)),
    changes(lambda client: settlements(client, SINCE_MS)),
)
COINBASE = Client(
    keys=("spot", "dust"),
    options={"fetchBalance": "v3PrivateGetBrokerageAccounts"},
    wallets={"spot": ({},)},
    raw={"vault": vaults},
    # ccxt adds the row that is counted in the derivatives wallet
    is_copy=lambda asset: asset == "USD",
    positions=(),
    ledgers={"spot": SPOT},
    flows=lambda client: app_flows(client, SINCE_MS),
)
CLIENTS = (
    COINBASE,
    replace(
        COINBASE,
        keys=("good", "empty", "one_way"),
        raw={"vault": vaults, "cfm": derivatives_cash},
        positions=({},),
        held=contracts,
        ledgers={"spot": SPOT, "vault": VAULT, "cfm": DERIVATIVES},
    ),
)
