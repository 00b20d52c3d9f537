"""The bills of a trading and a funding account, told from the world's events.

Money from and to outside, and to earn, passes through the funding account: what the world books as one change of the
trading account becomes a bill there and two of the funding account that cancel out.
"""

from dataclasses import dataclass, field
from decimal import Decimal

from connectors.sandbox.dialect import Call
from connectors.sandbox.life import LEVERAGE
from connectors.sandbox.model import ZERO, Event, q8
from connectors.sandbox.okx.accounts import margin_mode
from connectors.sandbox.okx.common import TRADING, merged
from connectors.types import LedgerKind

CONTRACT_SUBTYPES = {"open_long": "3", "open_short": "4", "close_long": "5", "close_short": "6"}
PLAIN_TYPES = {LedgerKind.INTEREST: ("7", "9"), LedgerKind.CONVERSION: ("30", "320"), LedgerKind.REWARD: ("381", "381")}
FUNDING_TYPES = {
    LedgerKind.REWARD: "400",
    LedgerKind.REBATE: "150",
    LedgerKind.AIRDROP: "229",
    LedgerKind.CONVERSION: "61",
}
OUTSIDE = {LedgerKind.DEPOSIT: "1", LedgerKind.WITHDRAWAL: "2"}
OTHER_SIDE = {"long": "short", "short": "long"}
TO_TRADING, FROM_TRADING = "131", "130"


@dataclass
class Bill:
    """One bill. `pnl` and `fee` are signed; `change` is that of the balance, `margin` that of an isolated position."""

    id: int
    event: Event
    kind: str
    subtype: str = ""
    change: Decimal = ZERO
    pnl: Decimal = ZERO
    fee: Decimal = ZERO
    margin: Decimal = ZERO
    balance: Decimal = ZERO

    @property
    def contract(self) -> bool:
        """Whether it is about a contract."""
        return self.kind == "8" or self.event.note in CONTRACT_SUBTYPES

    @property
    def inverse(self) -> bool:
        """Whether its contract is settled in its base coin."""
        return self.contract and self.event.wallet == "futures_inverse"


@dataclass
class Margins:
    """What isolated positions hold as margin, by base and side, with their size."""

    held: dict[tuple[str, str], tuple[Decimal, Decimal]] = field(default_factory=dict)

    def move(self, event: Event) -> Decimal:
        """Return how much a fill moves into its position, negative when it comes back; it may turn it round."""
        what, _, side = event.note.partition("_")
        if what == "open":
            return self._enter(event, side, event.quantity)
        size, margin = self.held.pop((event.base, side), (ZERO, ZERO))
        turned = max(event.quantity - size, ZERO)
        if event.quantity >= size:
            return -margin + (self._enter(event, OTHER_SIDE[side], turned) if turned else ZERO)
        moved = -q8(margin * event.quantity / size)
        self.held[event.base, side] = (size - event.quantity, margin + moved)
        return moved

    def _enter(self, event: Event, side: str, quantity: Decimal) -> Decimal:
        size, margin = self.held.get((event.base, side), (ZERO, ZERO))
        moved = q8(quantity * event.price / LEVERAGE.get(event.base, 5))
        self.held[event.base, side] = (size + quantity, margin + moved)
        return moved

    def add(self, event: Event) -> None:
        """Add a funding payment to the margin of its position."""
        size, margin = self.held.get((event.base, event.note), (ZERO, ZERO))
        self.held[event.base, event.note] = (size, margin + event.amount)

    def total(self) -> Decimal:
        """Return all margin together."""
        return sum((margin for _size, margin in self.held.values()), ZERO)


@dataclass
class Books:
    """All bills of an account, oldest first."""

    trading: list[Bill] = field(default_factory=list)
    funding: list[Bill] = field(default_factory=list)
    margins: Margins = field(default_factory=Margins)


def books(call: Call) -> Books:
    """Return the bills of the key's account since the world opened."""
    result, fills = Books(), {}
    isolated = margin_mode(call.account) == "isolated"
    events = [event for event in call.events(call.world.opened_at, call.at) if event.counts]
    network = {event.ref: event.amount for event in events if _is_network_fee(event)}
    for event in events:
        if _is_network_fee(event):
            continue
        outside = event.amount + (network.get(event.ref, ZERO) if event.kind is LedgerKind.WITHDRAWAL else ZERO)
        if event.wallet == "funding":
            result.funding += _funding(event, outside)
        elif event.wallet in TRADING and event.kind in (LedgerKind.TRADE, LedgerKind.REALIZED_PNL, LedgerKind.FEE):
            key = (event.ref, event.asset)
            if key not in fills:
                fills[key] = _fill(event)
                result.trading.append(fills[key])
                if isolated and fills[key].contract:
                    fills[key].margin = result.margins.move(event)
                    fills[key].change -= fills[key].margin
            _add(fills[key], event)
        elif event.wallet in TRADING and event.kind is LedgerKind.FUNDING:
            result.trading.append(_payment(event, isolated=isolated))
            if isolated:
                result.margins.add(event)
        elif event.wallet in TRADING:
            trading, funding = _moved(event, outside)
            result.trading += trading
            result.funding += funding
    _run(result.trading, merged(call, call.world.opening(call.uid)))
    _run(result.funding, dict(call.world.opening(call.uid).get("funding", {})))
    return result


def _is_network_fee(event: Event) -> bool:
    return event.kind is LedgerKind.FEE and event.note == "withdrawal"


def _run(bills: list[Bill], balances: dict[str, Decimal]) -> None:
    for bill in bills:
        asset = bill.event.asset
        bill.balance = balances[asset] = balances.get(asset, ZERO) + bill.change


def _fill(event: Event) -> Bill:
    subtype = CONTRACT_SUBTYPES.get(event.note) or ("1" if event.note == "buy" else "2")
    return Bill(event.id * 10, event, "2", subtype)


def _add(bill: Bill, event: Event) -> None:
    bill.change += event.amount
    if event.kind is LedgerKind.FEE:
        bill.fee += event.amount
    elif event.kind is LedgerKind.REALIZED_PNL:
        bill.pnl += event.amount


def _payment(event: Event, *, isolated: bool) -> Bill:
    subtype = "174" if event.amount > 0 else "173"
    change, margin = (ZERO, event.amount) if isolated else (event.amount, ZERO)
    return Bill(event.id * 10, event, "8", subtype, change=change, pnl=event.amount, margin=margin)


def _moved(event: Event, outside: Decimal) -> tuple[list[Bill], list[Bill]]:
    """Return the trading account's bill of a transfer or flow, and those of the funding account it passes through."""
    number = event.id * 10
    if event.kind in PLAIN_TYPES or event.kind not in (*OUTSIDE, LedgerKind.TRANSFER_IN, LedgerKind.TRANSFER_OUT):
        kind, subtype = PLAIN_TYPES.get(event.kind, ("24", "24"))
        return [Bill(number, event, kind, subtype, change=event.amount)], []
    comes = outside > 0
    bill = Bill(number, event, "1", "11" if comes else "12", change=outside)
    own = Bill(number + 2, event, TO_TRADING if comes else FROM_TRADING, change=-outside)
    if event.kind in OUTSIDE:
        other = Bill(number + 1 if comes else number + 3, event, OUTSIDE[event.kind], change=outside)
        return [bill], [other, own] if comes else [own, other]
    source, _, target = event.note.partition(">")
    end = source if comes else target
    if end in TRADING:
        return [], []
    if end == "earn":
        other = Bill(number + 1 if comes else number + 3, event, "76" if comes else "75", change=outside)
        return [bill], [other, own] if comes else [own, other]
    return [bill], []


def _funding(event: Event, outside: Decimal) -> list[Bill]:
    number = event.id * 10
    if event.kind in OUTSIDE:
        return [Bill(number, event, OUTSIDE[event.kind], change=outside)]
    source, _, target = event.note.partition(">")
    if event.kind is LedgerKind.TRANSFER_IN:
        return [Bill(number, event, "76" if source == "earn" else FROM_TRADING, change=event.amount)]
    if event.kind is LedgerKind.TRANSFER_OUT:
        return [Bill(number, event, "75" if target == "earn" else TO_TRADING, change=event.amount)]
    return [Bill(number, event, FUNDING_TYPES.get(event.kind, "47"), change=event.amount)]
