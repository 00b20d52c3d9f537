"""Which accounts are lived, and what of their lives no history of their exchange tells.

A new exchange needs no entry: it is expected to tell everything.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

import connectors
from connectors.sandbox import dialects
from connectors.sandbox.model import Event
from connectors.types import LedgerKind

RICH, ONE_WAY = "good", "one_way"
SHORT_DAYS = 16  # everything happens twice
MOVES = (LedgerKind.TRANSFER_IN, LedgerKind.TRANSFER_OUT)
INTO_EARN = "earn"
INVERSE = "futures_inverse"
PERIOD = timedelta(hours=8)


@dataclass(frozen=True, slots=True)
class Gap:
    """What of a wallet is told nowhere: `wallet` is the connector's name, `home` the world's, `untold` the events.

    With `by_worth` the exchange tells only what the wallet is worth in USDT. With `told_at` these events are told, but
    as of a later instant.
    """

    wallet: str
    home: str
    untold: Callable[[Event], bool] = lambda event: True
    by_worth: bool = False
    told_at: Callable[[Event], datetime] | None = None


def _paid_into_spot(event: Event) -> bool:
    """Tell what neither trades, transfers nor records of deposits and withdrawals show."""
    told = (LedgerKind.TRADE, LedgerKind.DEPOSIT, LedgerKind.WITHDRAWAL, *MOVES)
    return event.kind not in told and event.note not in ("withdrawal", "buy", "sell")


def _without_rewards(event: Event) -> bool:
    return _paid_into_spot(event) and event.kind is not LedgerKind.REWARD


def _spot_of_bingx(event: Event) -> bool:
    return _paid_into_spot(event) or (event.kind in MOVES and INTO_EARN in event.note)


def _contracts_of_coinbase(event: Event) -> bool:
    """Fills tell commissions, and the spot wallet what was moved; profits and funding are told nowhere."""
    return event.kind not in (LedgerKind.FEE, *MOVES)


def _no_move(event: Event) -> bool:
    return event.kind not in MOVES


def _period_end(event: Event) -> datetime:
    """Return when KuCoin books what contracts bring: together, at the end of eight hours; the end itself is inside."""
    midnight = datetime.combine(event.at.date(), time(), UTC)
    return midnight + -(-(event.at - midnight) // PERIOD) * PERIOD


FUTURES_OF_KUCOIN = tuple(Gap(name, name, _no_move, told_at=_period_end) for name in ("futures_linear", INVERSE))
GAPS: Mapping[tuple[str, str], tuple[Gap, ...]] = {
    ("bingx", RICH): (
        Gap("spot", "spot", _spot_of_bingx),
        Gap(INVERSE, INVERSE, _no_move),
        Gap("earn", "earn", by_worth=True),
    ),
    ("bingx", ONE_WAY): (Gap("spot", "spot", _spot_of_bingx),),
    ("bybit", "classic"): (Gap("spot", "spot", _without_rewards),),
    ("coinbase", RICH): (Gap("cfm", "futures_linear", _contracts_of_coinbase),),
    ("coinbase", ONE_WAY): (Gap("cfm", "futures_linear", _contracts_of_coinbase),),
    ("kucoin", RICH): FUTURES_OF_KUCOIN,
    ("kucoin", ONE_WAY): FUTURES_OF_KUCOIN,
}
# wallets that an account of this mode has no read for: they are shown as failed, never as zero
UNREADABLE = {("bitget", "unified"): {"earn", "bots"}}


def names_of(exchange: str) -> list[str]:
    """Return the keys of the accounts that are lived: the rich one, the one without hedge mode, one of each mode."""
    specs = dialects.load(exchange).accounts()
    found, modes = [RICH, ONE_WAY], {spec.mode for spec in specs if spec.name == "rich"}
    for spec in specs:
        busy = spec.habits.spot_trades or spec.habits.futures_trades
        if spec.name not in ("rich", ONE_WAY) and busy and (spec.mode not in modes or spec.name == "margin"):
            found.append(spec.name)
        modes.add(spec.mode)
    return found


CASES = [(exchange, name) for exchange in connectors.available() for name in names_of(exchange)]
