"""Every account of the sandbox with the way in which ccxt is asked for it.

That way is told by the module `ccxt_` and the exchange's id beside this one, by its name `CLIENTS`.
"""

from importlib import import_module
from pkgutil import iter_modules

import pytest

from connectors.sandbox import available
from tests.connectors import agreement
from tests.connectors.agreement.clients import Client

PREFIX = "ccxt_"
CLIENTS: dict[str, tuple[Client, ...]] = {
    module.name.removeprefix(PREFIX): import_module(f"{agreement.__name__}.{module.name}").CLIENTS
    for module in iter_modules(agreement.__path__)
    if module.name.startswith(PREFIX)
}
CASES = [
    pytest.param(exchange, client, name, id=f"{exchange}-{name}")
    for exchange in available()
    for client in CLIENTS.get(exchange, ())
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
