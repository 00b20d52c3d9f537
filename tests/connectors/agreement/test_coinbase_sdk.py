"""coinbase-advanced-py, Coinbase's own client, reads the same as our connector."""

from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
import requests
from coinbase.rest import RESTClient
from requests.adapters import HTTPAdapter

from connectors.sandbox import Sandbox
from connectors.types import LedgerKind
from tests.connectors.agreement.reading import Ledgers, Ours, added_up, amounts_of, booked, cash_of
from tests.connectors.agreement.world import SINCE_MS, Change

pytestmark = pytest.mark.usefixtures("sdk")
# it signs with ECDSA keys only
accounts = pytest.mark.parametrize("name", ["good", "one_way"])
Connect = Callable[[str], Any]


class Plain(HTTPAdapter):
    """Sends without TLS, which this client always asks for."""

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:  # noqa: ANN401
        request.url = str(request.url).replace("https://", "http://", 1)
        return super().send(request, *args, **kwargs)


@pytest.fixture
def coinbase(sandbox: Sandbox, sdk: None) -> Connect:
    def connect(name: str) -> Any:  # noqa: ANN401 - coinbase-advanced-py has no types
        key = sandbox.key("coinbase", name)
        host = sandbox.hosts()["coinbase"]["rest"].removeprefix("http://")
        client = RESTClient(api_key=key.api_key, api_secret=key.api_secret, base_url=host)
        client.session.mount("https://", Plain())
        return client

    return connect


def pages(ask: Callable[..., Any], name: str) -> Iterator[Any]:
    cursor = None
    while True:
        answer = ask(limit=50, cursor=cursor)
        yield from answer[name]
        cursor = answer["cursor"]
        if not cursor or not answer[name]:
            return


@accounts
def test_balances_agree(coinbase: Connect, ours: Ours, name: str) -> None:
    client, found = coinbase(name), cash_of(ours("coinbase", name))
    rows = [row for row in pages(client.get_accounts, "accounts") if row["platform"] == "ACCOUNT_PLATFORM_CONSUMER"]
    spot = [row for row in rows if row["type"] != "ACCOUNT_TYPE_VAULT" and not row["name"].startswith("Staked")]
    held = amounts_of(
        (row["currency"], Decimal(row["available_balance"]["value"]) + Decimal(row["hold"]["value"])) for row in spot
    )
    assert found["spot"] == held
    summary = client.get_futures_balance_summary()["balance_summary"]
    assert found["cfm"] == amounts_of([("USD", summary["cfm_usd_balance"]["value"])])


@accounts
def test_positions_agree(coinbase: Connect, ours: Ours, name: str) -> None:
    expected = sorted(
        (
            row["product_id"],
            row["side"].lower(),
            Decimal(row["number_of_contracts"]),
            Decimal(row["avg_entry_price"]),
            Decimal(row["current_price"]),
            Decimal(row["unrealized_pnl"]),
        )
        for row in coinbase(name).list_futures_positions()["positions"]
        if Decimal(row["number_of_contracts"])
    )
    found = sorted(
        (item.venue_symbol, item.side.value, item.contracts, item.entry_price, item.mark_price, item.unrealized_pnl)
        for item in ours("coinbase", name).get_futures_positions()
    )
    assert found == expected
    assert expected


@accounts
def test_commissions_agree(coinbase: Connect, ledger: Ledgers, name: str) -> None:
    """Commissions are all income it reads: transactions are those of the Coinbase App, which it does not know."""

    def fills() -> Iterator[Change]:
        for row in pages(coinbase(name).get_fills, "fills"):
            at = int(datetime.fromisoformat(row["trade_time"]).timestamp() * 1000)
            quote = row["product_id"].split("-")[-1]
            if at >= SINCE_MS:
                yield at, "USD" if quote == "CDE" else quote, -Decimal(row["commission"])

    entries = ledger("coinbase", name)
    paid = [entry for entry in entries if entry.kind is LedgerKind.FEE and entry.dedupe_key.startswith("fill:")]
    expected = added_up(fills())
    assert added_up(booked(paid)) == expected
    assert expected
