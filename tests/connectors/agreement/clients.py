"""How ccxt is asked for what one of our accounts holds and earned."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tests.connectors.agreement.world import SINCE_MS, Amounts, Params

Flows = Callable[[Any], tuple[list[Params], list[Params]]]


@dataclass(frozen=True)
class Ledger:
    """How ccxt walks the history of a wallet; its rows' `info` gives the signed change (or several)."""

    params: Params
    change: Callable[[Params], Decimal]
    is_funding: Callable[[Params], bool]
    pages: Callable[[Any, Params], Iterator[Any]]


@dataclass(frozen=True)
class Client:
    """How ccxt is asked for what one of our accounts holds.

    `name` is ccxt's own of the exchange where it differs; `hedged` finds the position mode where ccxt parses none.

    `wallets` maps our wallets to the parameters of fetch_balance, `raw` to calls where ccxt's parsing lacks one; ccxt's
    total holds the unrealised P&L but in the wallets named in `cash`. `spot` are those of get_spot_balances.
    `positions` are parameters of fetch_positions, `margin_mode` is that of all positions where ccxt tells none.
    `flowless` are the wallets whose ledger at ccxt lacks deposits and withdrawals: those are asked for by `flows`.
    """

    name: str = ""
    keys: tuple[str, ...] = ("good", "spot", "empty", "dust", "one_way")
    options: Params = field(default_factory=dict)
    wallets: Mapping[str, tuple[Params, ...]] = field(default_factory=dict)
    raw: Mapping[str, Callable[[Any], Amounts]] = field(default_factory=dict)
    cash: frozenset[str] = frozenset()
    spot: tuple[Params, ...] = ({},)
    is_copy: Callable[[str], bool] = lambda asset: False
    positions: tuple[Params, ...] = ({},)
    held: Callable[[Any, Params], list[Params]] = lambda client, params: client.fetch_positions(None, params)
    hedged: Callable[[Params], Any] = lambda row: row["hedged"]
    margin_mode: str | None = None
    ledgers: Mapping[str, tuple[Ledger, ...]] = field(default_factory=dict)
    flowless: frozenset[str] = frozenset()
    flows: Flows = lambda client: parsed_flows(client)


def parsed_flows(client: Any, *codes: str) -> tuple[list[Params], list[Params]]:  # noqa: ANN401 - ccxt has no types
    """Return what came (also in currencies that must be asked for by their codes) and what left."""
    came = [row for code in (None, *codes) for row in client.fetch_deposits(code, SINCE_MS, 100)]
    return came, client.fetch_withdrawals(None, SINCE_MS, 100)


def coins(rows: Iterable[Params], *names: str, coin: str = "coin") -> Amounts:
    """Return what rows hold by coin: the sum of their numbers under `names`."""
    found: Amounts = {}
    for row in rows:
        amount = sum((Decimal(row[name] or 0) for name in names), Decimal(0))
        found[row[coin]] = found.get(row[coin], Decimal(0)) + amount
    return found
