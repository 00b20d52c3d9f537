"""Nouns of the sandbox world: events, open positions, closed trips and the book of an account at one instant."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal

from connectors.types import LedgerKind, Side

CENT8 = Decimal("0.00000001")
ZERO = Decimal(0)
Wallets = dict[str, dict[str, Decimal]]


def q8(value: Decimal) -> Decimal:
    """Return `value` rounded to eight places, as ledgers book it."""
    return value.quantize(CENT8, rounding=ROUND_HALF_EVEN)


@dataclass(frozen=True, slots=True)
class Event:
    """One signed change of one asset in one wallet.

    Events of one action share `ref` and `at`. `note` says what a trade did (open_long, close_short, buy, sell) or where
    a transfer went. A row with `counts` false (pending, rejected) is listed by the exchange but moves no money.
    """

    id: int
    at: datetime
    kind: LedgerKind
    wallet: str
    asset: str
    amount: Decimal
    ref: int
    base: str = ""
    quote: str = ""
    price: Decimal = ZERO
    quantity: Decimal = ZERO
    note: str = ""
    counts: bool = True

    @property
    def at_ms(self) -> int:
        """Instant in Unix milliseconds."""
        return to_ms(self.at)


@dataclass(frozen=True, slots=True)
class Held:
    """An open position as booked: what mark and P&L are computed from. `size` is in base units, on inverse in USD."""

    base: str
    settle: str
    side: Side
    size: Decimal
    entry: Decimal
    leverage: int
    opened_at: datetime
    updated_at: datetime
    inverse: bool = False
    opened_size: Decimal = ZERO
    closed_size: Decimal = ZERO
    closed_cost: Decimal = ZERO
    gross: Decimal = ZERO
    open_fee: Decimal = ZERO
    close_fee: Decimal = ZERO
    funding: Decimal = ZERO

    @property
    def sign(self) -> int:
        """1 for long, -1 for short."""
        return 1 if self.side is Side.LONG else -1


@dataclass(frozen=True, slots=True)
class ClosedTrip:
    """A position from flat to flat; fees and funding signed (paid < 0), in `settle`."""

    id: int
    base: str
    settle: str
    side: Side
    size: Decimal
    entry: Decimal
    exit: Decimal
    gross: Decimal
    open_fee: Decimal
    close_fee: Decimal
    funding: Decimal
    opened_at: datetime
    closed_at: datetime


@dataclass(frozen=True, slots=True)
class OpenPosition:
    """A position valued at one instant. `unrealized` and margins in `settle`; `liquidation` None where there is none.

    `contracts` are USD contracts of `contract_size` on inverse, base units (size 1) otherwise; `size` is base units.
    """

    base: str
    settle: str
    side: Side
    size: Decimal
    contracts: Decimal
    contract_size: Decimal
    entry: Decimal
    mark: Decimal
    unrealized: Decimal
    notional: Decimal
    initial_margin: Decimal
    maintenance_margin: Decimal
    leverage: int
    liquidation: Decimal | None
    inverse: bool
    wallet: str
    held: Held

    @property
    def signed_contracts(self) -> Decimal:
        """Contracts with the direction as sign."""
        return self.contracts if self.side is Side.LONG else -self.contracts


@dataclass(frozen=True, slots=True)
class Book:
    """What an account holds at `at`: wallets (cash without unrealised P&L), positions, the locked part of balances."""

    uid: str
    at: datetime
    wallets: Wallets
    positions: tuple[OpenPosition, ...]
    locked: Mapping[str, Decimal] = field(default_factory=dict)

    def amounts(self, wallet: str) -> dict[str, Decimal]:
        """Return the assets of a wallet that are not zero."""
        return {asset: amount for asset, amount in self.wallets.get(wallet, {}).items() if amount}

    def unrealized(self, wallet: str) -> dict[str, Decimal]:
        """Return unrealised P&L of a wallet's positions by settlement asset."""
        result: dict[str, Decimal] = {}
        for position in self.positions:
            if position.wallet == wallet:
                result[position.settle] = result.get(position.settle, ZERO) + position.unrealized
        return result


def event_id(uid: str, ms: int, number: int) -> int:
    """Return an id that grows with time: the `number`-th event (1 to 99) of an account in one millisecond."""
    return ms * 10_000 + int(uid) % 100 * 100 + number


def to_ms(at: datetime) -> int:
    """Return Unix milliseconds of an aware instant, exactly."""
    return int(at.timestamp()) * 1000 + at.microsecond // 1000
