"""Every account of the sandbox with the way in which ccxt is asked for it."""

import pytest

from connectors.sandbox import available
from tests.connectors.agreement import (
    ccxt_binance,
    ccxt_bingx,
    ccxt_bitget,
    ccxt_bybit,
    ccxt_coinbase,
    ccxt_gateio,
    ccxt_kraken,
    ccxt_krakenfutures,
    ccxt_okx,
)
from tests.connectors.agreement.clients import Client

CLIENTS: dict[str, tuple[Client, ...]] = {
    "binance": ccxt_binance.CLIENTS,
    "bingx": ccxt_bingx.CLIENTS,
    "bitget": ccxt_bitget.CLIENTS,
    "bybit": ccxt_bybit.CLIENTS,
    "coinbase": ccxt_coinbase.CLIENTS,
    "gateio": ccxt_gateio.CLIENTS,
    "kraken": ccxt_kraken.CLIENTS,
    "krakenfutures": ccxt_krakenfutures.CLIENTS,
    "okx": ccxt_okx.CLIENTS,
}
CASES = [
    pytest.param(exchange, client, name, id=f"{exchange}-{name}")
    for exchange in available()
    for client in CLIENTS[exchange]
    for name in client.keys
]
LEDGERS = [
    pytest.param(exchange, client, name, wallet, id=f"{exchange}-{name}-{wallet}")
    for exchange, clients in CLIENTS.items()
    for client in clients
    for name in client.keys
    for wallet in client.ledgers
    if name not in ("empty", "dust")
]
accounts = pytest.mark.parametrize(("exchange", "client", "name"), CASES)
ledgers = pytest.mark.parametrize(("exchange", "client", "name", "wallet"), LEDGERS)
