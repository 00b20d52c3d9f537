"""A day in the life of an account: what its owner does, booked as events on a running state."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_DOWN, Decimal
from functools import partial

from connectors.sandbox.accounts import AccountSpec, FirstPosition
from connectors.sandbox.model import ZERO, ClosedTrip, Event, Held, Wallets, event_id, q8, to_ms
from connectors.sandbox.prices import Market, step
from connectors.sandbox.seldom import happenings
from connectors.types import LedgerKind, Side

CONTRACT_USD = Decimal(100)
INVERSE_WALLET = "futures_inverse"
FEE_RATE = Decimal("0.0005")
SPOT_FEE_RATE = Decimal("0.001")
FUNDING_HOURS = (0, 8, 16)
LEVERAGE = {"BTC": 10, "ETH": 8}
REWARD_PER_DAY = Decimal("0.00008")
PositionKey = tuple[str, str, str]


@dataclass
class State:
    """Balances and positions of an account while a day is lived."""

    wallets: Wallets
    positions: dict[PositionKey, Held] = field(default_factory=dict)

    def copy(self) -> "State":
        """Return an independent copy (positions are immutable and shared)."""
        return State({name: dict(assets) for name, assets in self.wallets.items()}, dict(self.positions))


@dataclass
class Day:
    """One lived day: the state it began with, its events, the positions after each action, the trips it closed."""

    start: State
    events: list[Event] = field(default_factory=list)
    positions: list[tuple[datetime, dict[PositionKey, Held]]] = field(default_factory=list)
    closed: list[ClosedTrip] = field(default_factory=list)


class DayLife:
    """Lives one day of one account: the same (seed, account, day, start) always gives the same events."""

    def __init__(self, market: Market, spec: AccountSpec, day: date, *, number: int, start: State) -> None:
        self.market, self.spec, self.day, self.number = market, spec, day, number
        self.state = start.copy()
        self.result = Day(start)
        self.rng = random.Random(f"{market.seed}:{spec.uid}:{day.isoformat()}")  # noqa: S311 - a toy world
        self._ref: int | None = None
        self._same_ms: dict[int, int] = {}

    def live(self) -> tuple[Day, State]:
        """Return the day and the state it ends with."""
        for at, act in sorted(self._plan(), key=lambda item: item[0]):
            self._ref = None
            act(at)
            self.result.positions.append((at, dict(self.state.positions)))
        return self.result, self.state

    def _plan(self) -> list[tuple[datetime, Callable[[datetime], None]]]:
        habits = self.spec.habits
        plan: list[tuple[datetime, Callable[[datetime], None]]] = []
        if self.number == 0:
            for index, first in enumerate(self.spec.first_positions):
                plan.append((self.clock(1, index), self._first(first)))
        plan += [(self.clock(hour), self._funding) for hour in FUNDING_HOURS]
        if habits.rewards:
            plan.append((self.clock(0, 10), self._rewards))
        plan += [(self._moment(), self._spot_trade) for _ in range(habits.spot_trades)]
        plan += [(self._moment(), self._futures_trade) for _ in range(habits.futures_trades)]
        actions = (
            (habits.deposit_every, 2, self._deposit),
            (habits.fiat_every, 3, self._fiat),
            (habits.withdraw_every, 5, self._withdraw),
            (habits.transfer_every, 1, self._transfer),
        )
        plan += [
            (self._moment(), act) for every, offset, act in actions if every and self.number % every == offset % every
        ]
        return plan + [(at, partial(act, self)) for at, act in happenings(self)]

    def clock(self, hour: int, minute: int = 0) -> datetime:
        """Return an instant of this day (UTC)."""
        return datetime.combine(self.day, time(hour, minute), UTC)

    def _moment(self) -> datetime:
        return self.clock(2) + timedelta(milliseconds=self.rng.randrange(21 * 3_600_000))

    def book(self, at: datetime, kind: LedgerKind, wallet: str, asset: str, amount: Decimal, **facts: object) -> None:
        """Book one event and move the money (unless it does not count)."""
        ms = to_ms(at)
        number = self._same_ms[ms] = self._same_ms.get(ms, 0) + 1
        identity = event_id(self.spec.uid, ms, number)
        self._ref = self._ref or identity
        event = replace(Event(identity, at, kind, wallet, asset, amount, self._ref), **facts)  # type: ignore[arg-type]
        self.result.events.append(event)
        if event.counts:
            purse = self.state.wallets.setdefault(wallet, {})
            purse[asset] = purse.get(asset, ZERO) + amount

    def has(self, wallet: str, asset: str) -> Decimal:
        """Return what of an asset is free to be used."""
        return self.state.wallets.get(wallet, {}).get(asset, ZERO) - (
            self.spec.locked.get(asset, ZERO) if wallet == self.spec.spot else ZERO
        )

    def _share(self, low: float, high: float) -> Decimal:
        return Decimal(str(round(self.rng.uniform(low, high), 4)))

    def _spot_trade(self, at: datetime) -> None:
        base, buys, share = (
            self.rng.choice(self.spec.habits.spot_assets),
            self.rng.random() < 0.5,
            self._share(0.02, 0.09),
        )
        price = self.market.pair(base, "USDT", at)
        have = self.has(self.spec.spot, "USDT") / price if buys else self.has(self.spec.spot, base)
        self.trade(at, base, "USDT", quantity=have * share, buys=buys)

    def trade(  # noqa: PLR0913 - what makes up a trade
        self,
        at: datetime,
        base: str,
        quote: str,
        *,
        quantity: Decimal,
        buys: bool,
        fee_asset: str | None = None,
        wallet: str | None = None,
    ) -> None:
        """Trade on spot, or in another wallet, at the market's price; `fee_asset` is what pays the commission."""
        quantity, wallet = quantity.quantize(step(base), rounding=ROUND_DOWN), wallet or self.spec.spot
        if quantity <= 0:
            return
        price = self.market.pair(base, quote, at)
        cost, sign = q8(quantity * price), 1 if buys else -1
        facts = {"base": base, "quote": quote, "price": price, "quantity": quantity, "note": "buy" if buys else "sell"}
        self.book(at, LedgerKind.TRADE, wallet, base, sign * quantity, **facts)
        self.book(at, LedgerKind.TRADE, wallet, quote, -sign * cost, **facts)
        got, amount = (base, quantity) if buys and not self.spec.quote_fees else (quote, cost)
        fee = q8(amount * SPOT_FEE_RATE)
        if fee_asset is not None:
            got, fee = fee_asset, q8(cost * SPOT_FEE_RATE / self.market.pair(fee_asset, quote, at))
        self.book(at, LedgerKind.FEE, wallet, got, -fee, **facts)

    def _first(self, first: FirstPosition) -> Callable[[datetime], None]:
        def act(at: datetime) -> None:
            if first.inverse:
                self.increase(at, first.base, first.base, first.side, size=first.value // CONTRACT_USD * CONTRACT_USD)
            else:
                price = self.market.pair(first.base, "USDT", at)
                self.increase(at, first.base, "USDT", first.side, size=(first.value / price).quantize(step(first.base)))

        return act

    def _futures_trade(self, at: datetime) -> None:
        base, side = self.rng.choice(self.spec.habits.contracts), self.rng.choice((Side.LONG, Side.SHORT))
        grows, share, part = self.rng.random() < 0.5, self._share(0.1, 0.4), self.rng.choice(("0.25", "0.5", "1"))
        if not self.spec.hedged and self.held(base, "USDT", _other(side)):
            side = _other(side)
        held, price = self.held(base, "USDT", side), self.market.pair(base, "USDT", at)
        room = self.has(self.spec.linear, "USDT") * Decimal("0.35") - (held.size * price if held else ZERO)
        if held is None or (grows and room > 0):
            size = (max(room, ZERO) * share / price).quantize(step(base), rounding=ROUND_DOWN)
            self.increase(at, base, "USDT", side, size=size)
        else:
            kept = any((first.base, first.side) == (base, side) for first in self.spec.first_positions)
            self.reduce(at, held, part=min(Decimal(part), Decimal("0.5")) if kept else Decimal(part))

    def held(self, base: str, settle: str, side: Side) -> Held | None:
        """Return an open position, None where there is none."""
        return self.state.positions.get((base, settle, side.value))

    def increase(self, at: datetime, base: str, settle: str, side: Side, *, size: Decimal) -> None:
        """Open a position, or add to it; `size` is in base units, in USD where it is settled in its base."""
        if size > 0:
            price = self.market.pair(base, "USDT", at)
            held = self.held(base, settle, side) or _new(base, settle, side, price=price, at=at)
            fee = self.commission(at, held, size, price, note=f"open_{side.value}")
            self._add(at, held, size, price, fee=fee)

    def open_without_fee(self, at: datetime, base: str, side: Side, *, size: Decimal) -> None:
        """Open a linear position, or add to it, with a fill whose commission is booked already."""
        price = self.market.pair(base, "USDT", at)
        self._add(at, self.held(base, "USDT", side) or _new(base, "USDT", side, price=price, at=at), size, price)

    def _add(self, at: datetime, held: Held, size: Decimal, price: Decimal, *, fee: Decimal = ZERO) -> None:  # noqa: PLR0913
        total = held.size + size
        if held.inverse:
            entry = q8(total / (held.size / held.entry + size / price))
        else:
            entry = q8((held.size * held.entry + size * price) / total)
        self.state.positions[(held.base, held.settle, held.side.value)] = replace(
            held,
            size=total,
            entry=entry,
            updated_at=at,
            opened_size=held.opened_size + size,
            open_fee=held.open_fee + fee,
        )

    def reduce(self, at: datetime, held: Held, *, part: Decimal, turned: Decimal = ZERO) -> None:
        """Close a part of a position; the commission of its fill counts `turned`, that goes on to the other side."""
        whole = part == 1
        size = held.size if whole else (held.size * part).quantize(step(held.base), rounding=ROUND_DOWN)
        if size <= 0:
            return
        price = self.market.pair(held.base, "USDT", at)
        gross = q8(size * held.sign * (1 / held.entry - 1 / price if held.inverse else price - held.entry))
        wallet = INVERSE_WALLET if held.inverse else self.spec.linear
        note = f"close_{held.side.value}"
        facts = {"base": held.base, "quote": "USDT", "price": price, "quantity": size + turned, "note": note}
        self.book(at, LedgerKind.REALIZED_PNL, wallet, held.settle, gross, **facts)
        fee = self.commission(at, held, size + turned, price, note=note)
        held = replace(
            held,
            size=held.size - size,
            updated_at=at,
            closed_size=held.closed_size + size,
            closed_cost=held.closed_cost + size * price,
            gross=held.gross + gross,
            close_fee=held.close_fee + fee,
        )
        key = (held.base, held.settle, held.side.value)
        if held.size:
            self.state.positions[key] = held
        else:
            del self.state.positions[key]
            self.result.closed.append(_trip(held, self._ref or 0))

    def commission(self, at: datetime, held: Held, size: Decimal, price: Decimal, *, note: str) -> Decimal:
        """Book the fee of a fill; return it in the settlement asset (signed), whatever coin it was paid in."""
        if held.inverse:
            fee = -q8(size / price * FEE_RATE)
            wallet, asset, amount = INVERSE_WALLET, held.settle, fee
        else:
            fee = -q8(size * price * FEE_RATE)
            wallet, asset, amount = self.spec.linear, held.settle, fee
            in_coin = (
                q8(fee / self.market.pair(self.spec.fee_asset, "USDT", at))
                if self.spec.fee_asset != held.settle
                else ZERO
            )
            if in_coin and self.has(wallet, self.spec.fee_asset) > -in_coin:
                asset, amount = self.spec.fee_asset, in_coin
        self.book(
            at,
            LedgerKind.FEE,
            wallet,
            asset,
            amount,
            base=held.base,
            quote="USDT",
            price=price,
            quantity=size,
            note=note,
        )
        return fee

    def _funding(self, at: datetime) -> None:
        for key, held in list(self.state.positions.items()):
            mark, rate = self.market.mark(held.base, at), self.market.funding_rate(held.base, at)
            notional = held.size / mark if held.inverse else held.size * mark
            amount = q8(-held.sign * notional * rate)
            if not amount:
                continue
            wallet = INVERSE_WALLET if held.inverse else self.spec.linear
            self.book(
                at, LedgerKind.FUNDING, wallet, held.settle, amount, base=held.base, quote="USDT", note=held.side.value
            )
            self.state.positions[key] = replace(held, funding=held.funding + amount)

    def _rewards(self, at: datetime) -> None:
        for asset, amount in self.state.wallets.get("earn", {}).items():
            reward = q8(amount * REWARD_PER_DAY)
            if reward > 0:
                self.book(at, LedgerKind.REWARD, self.spec.spot, asset, reward, note="earn interest")

    def _deposit(self, at: datetime) -> None:
        amount, home = Decimal(self.rng.randrange(150, 1500)), self.spec.home or self.spec.spot
        self.book(at, LedgerKind.DEPOSIT, home, "USDT", amount, note="TRX")
        self._ref = None
        self.book(at + timedelta(minutes=3), LedgerKind.DEPOSIT, home, "USDT", amount / 10, note="TRX", counts=False)

    def _fiat(self, at: datetime) -> None:
        amount = Decimal(self.rng.randrange(500, 4000))
        self.book(at, LedgerKind.DEPOSIT, self.spec.spot, "BRL", amount, note="Pix")
        self._ref = None
        rate = self.market.pair("USDT", "BRL", at)
        self.trade(at + timedelta(minutes=2), "USDT", "BRL", quantity=amount * Decimal("0.6") / rate, buys=True)

    def _withdraw(self, at: datetime) -> None:
        home = self.spec.home or self.spec.spot
        amount = (self.has(home, "USDT") * self._share(0.02, 0.08)).quantize(Decimal("0.01"), rounding=ROUND_DOWN)
        if amount > 10:
            self.book(at, LedgerKind.WITHDRAWAL, home, "USDT", -amount, note="TRX")
            self.book(at, LedgerKind.FEE, home, "USDT", Decimal(-1), note="withdrawal")

    def _transfer(self, at: datetime) -> None:
        source, target = self.rng.choice(
            (
                (self.spec.spot, self.spec.linear),
                (self.spec.linear, self.spec.spot),
                (self.spec.spot, "funding"),
                (self.spec.spot, "earn"),
            )
        )
        amount = (self.has(source, "USDT") * self._share(0.01, 0.05)).quantize(Decimal("0.01"), rounding=ROUND_DOWN)
        if amount > 0 and target in self.state.wallets:
            self.book(at, LedgerKind.TRANSFER_OUT, source, "USDT", -amount, note=f"{source}>{target}")
            self.book(at, LedgerKind.TRANSFER_IN, target, "USDT", amount, note=f"{source}>{target}")


def _new(base: str, settle: str, side: Side, *, price: Decimal, at: datetime) -> Held:
    return Held(base, settle, side, ZERO, price, LEVERAGE.get(base, 5), at, at, inverse=settle == base)


def _other(side: Side) -> Side:
    return Side.SHORT if side is Side.LONG else Side.LONG


def _trip(held: Held, identity: int) -> ClosedTrip:
    return ClosedTrip(
        id=identity,
        base=held.base,
        settle=held.settle,
        side=held.side,
        size=held.closed_size,
        entry=held.entry,
        exit=q8(held.closed_cost / held.closed_size),
        gross=held.gross,
        open_fee=held.open_fee,
        close_fee=held.close_fee,
        funding=held.funding,
        opened_at=held.opened_at,
        closed_at=held.updated_at,
    )
