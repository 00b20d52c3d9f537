"""The seeded, moving world behind the sandbox: accounts whose balances always equal their opening plus their events."""

import threading
from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from connectors.sandbox.accounts import AccountSpec
from connectors.sandbox.life import CONTRACT_USD, Day, DayLife, PositionKey, State
from connectors.sandbox.model import ZERO, Book, ClosedTrip, Event, Held, OpenPosition, Wallets, event_id, q8, to_ms
from connectors.sandbox.prices import Market, tick
from connectors.types import LedgerKind, Side

MAINTENANCE_RATE = Decimal("0.004")
# Events added at run time are numbered from here within their millisecond, behind the lived ones.
ADDED_NUMBER = 50


class UnknownAccountError(KeyError):
    """No account of the world has this uid."""


class World:
    """Accounts, prices and events as a pure function of (seed, opened_on, time), plus what tests add at run time.

    Args:
        seed: the same seed gives the same world.
        opened_on: first day; accounts hold their opening balances at its midnight UTC.
        clock: returns the present, aware UTC.
        accounts: who lives here; default is the set of every sandbox exchange.
    """

    def __init__(
        self, seed: int, opened_on: date, clock: Callable[[], datetime], accounts: Iterable[AccountSpec] | None = None
    ) -> None:
        if accounts is None:
            from connectors.sandbox.dialects import all_accounts  # noqa: PLC0415 - dialects import the world's types

            accounts = all_accounts()
        self.seed, self.opened_on, self.clock = seed, opened_on, clock
        self.opened_at = datetime.combine(opened_on, time(), UTC)
        self.market = Market(seed)
        self._specs = {spec.uid: spec for spec in accounts}
        self._days: dict[str, list[Day]] = {}
        self._next: dict[str, State] = {}
        self._added: dict[str, list[Event]] = {}
        self._lock = threading.RLock()

    def accounts(self) -> list[AccountSpec]:
        """Return who lives here."""
        return list(self._specs.values())

    def account(self, uid: str) -> AccountSpec:
        """Return one account's recipe.

        Raises:
            UnknownAccountError: nobody has this uid.
        """
        try:
            return self._specs[uid]
        except KeyError:
            raise UnknownAccountError(uid) from None

    def price(self, asset: str, at: datetime) -> Decimal | None:
        """Return the USD price of one unit, None where nobody trades it."""
        return self.market.price(asset, at)

    def opening(self, uid: str) -> Wallets:
        """Return the balances at the world's first instant."""
        return {wallet: dict(assets) for wallet, assets in self.account(uid).opening.items()}

    def events(self, uid: str, since: datetime, until: datetime) -> list[Event]:
        """Return the events with since <= at <= until, oldest first."""
        spec = self.account(uid)
        with self._lock:
            days = self._lived(spec, until)
            first = max(0, (since.date() - self.opened_on).days)
            found = [event for day in days[first:] for event in day.events if since <= event.at <= until]
            found += [event for event in self._added.get(uid, ()) if since <= event.at <= until]
        return sorted(found, key=lambda event: (event.at, event.id))

    def closed_trips(self, uid: str, since: datetime, until: datetime) -> list[ClosedTrip]:
        """Return the positions closed in the window, oldest first."""
        with self._lock:
            days = self._lived(self.account(uid), until)
            return [trip for day in days for trip in day.closed if since <= trip.closed_at <= until]

    def book(self, uid: str, at: datetime) -> Book:
        """Return what the account holds at `at` (any instant since the world opened)."""
        spec = self.account(uid)
        with self._lock:
            wallets, held = self._state(spec, at)
        positions = tuple(self._value(spec, item, wallets, at) for item in held.values())
        purse = wallets.get(spec.spot, {})
        locked = {
            asset: min(amount, purse.get(asset, ZERO))
            for asset, amount in spec.locked.items()
            if purse.get(asset, ZERO) > 0
        }
        return Book(uid, at, wallets, positions, locked)

    def equity(self, book: Book) -> tuple[dict[str, Decimal], list[str]]:
        """Return USD equity by wallet (unrealised P&L inside, once) and the assets that have no price."""
        equity, unpriced = {}, set()
        for wallet, assets in book.wallets.items():
            total = ZERO
            amounts = dict(assets)
            for asset, pnl in book.unrealized(wallet).items():
                amounts[asset] = amounts.get(asset, ZERO) + pnl
            for asset, amount in amounts.items():
                price = self.price(asset, book.at)
                if price is None:
                    unpriced.add(asset)
                else:
                    total += amount * price
            equity[wallet] = total
        return equity, sorted(unpriced)

    def add_event(
        self, uid: str, kind: LedgerKind, amounts: dict[str, Decimal], *, wallet: str | None = None, note: str = ""
    ) -> list[Event]:
        """Book one action at the present: one event per asset in `amounts` (signed), all sharing a ref.

        Raises:
            ValueError: a balance would become negative.
        """
        spec, at = self.account(uid), self.clock()
        at = at.replace(microsecond=at.microsecond // 1000 * 1000)
        target = wallet or spec.spot
        with self._lock:
            added = self._added.setdefault(uid, [])
            purse = self.book(uid, at).wallets.get(target, {})
            if any(purse.get(asset, ZERO) + amount < 0 for asset, amount in amounts.items()):
                raise ValueError("balance too low")
            ref = event_id(uid, to_ms(at), ADDED_NUMBER + sum(event.at == at for event in added))
            facts = _trade_facts(amounts) if kind is LedgerKind.TRADE else {}
            events = [
                Event(
                    ref + index,
                    at,
                    kind,
                    target,
                    asset,
                    q8(amount),
                    ref,
                    note=note or facts.get("note", ""),
                    base=facts.get("base", ""),
                )
                for index, (asset, amount) in enumerate(amounts.items())
            ]
            added.extend(events)
        return events

    def add_transfer(self, uid: str, asset: str, amount: Decimal, *, source: str, target: str) -> list[Event]:
        """Move money between two wallets of an account at the present; the two events share a ref.

        Raises:
            ValueError: the source holds less.
        """
        note = f"{source}>{target}"
        (out,) = self.add_event(uid, LedgerKind.TRANSFER_OUT, {asset: -amount}, wallet=source, note=note)
        (into,) = self.add_event(uid, LedgerKind.TRANSFER_IN, {asset: amount}, wallet=target, note=note)
        with self._lock:
            added = self._added[uid]
            added[added.index(into)] = into = replace(into, ref=out.ref)
        return [out, into]

    def forget_added(self) -> None:
        """Undo everything that was booked at run time."""
        with self._lock:
            self._added.clear()

    def _lived(self, spec: AccountSpec, until: datetime) -> list[Day]:
        days = self._days.setdefault(spec.uid, [])
        state = self._next.get(spec.uid) or State(self.opening(spec.uid))
        for number in range(len(days), (until.date() - self.opened_on).days + 1):
            day, state = DayLife(
                self.market, spec, self.opened_on + timedelta(days=number), number=number, start=state
            ).live()
            days.append(day)
        self._next[spec.uid] = state
        return days

    def _state(self, spec: AccountSpec, at: datetime) -> tuple[Wallets, dict[PositionKey, Held]]:
        number = (at.date() - self.opened_on).days
        if number < 0:
            return self.opening(spec.uid), {}
        day = self._lived(spec, at)[number]
        wallets, held = day.start.copy().wallets, day.start.positions
        for event in day.events:
            if event.at <= at:
                _apply(wallets, event)
        index = bisect_right(day.positions, at, key=lambda item: item[0])
        if index:
            held = day.positions[index - 1][1]
        for event in self._added.get(spec.uid, ()):
            if event.at <= at:
                _apply(wallets, event)
        return wallets, held

    def _value(self, spec: AccountSpec, held: Held, wallets: Wallets, at: datetime) -> OpenPosition:
        mark = self.market.mark(held.base, at)
        wallet = "futures_inverse" if held.inverse else spec.linear
        if held.inverse:
            size = q8(held.size / mark)
            unrealized = q8(held.sign * held.size * (1 / held.entry - 1 / mark))
            contracts, contract_size, notional, liquidation = held.size / CONTRACT_USD, CONTRACT_USD, size, None
        else:
            size = contracts = held.size
            unrealized = q8((mark - held.entry) * size * held.sign)
            contract_size, notional = Decimal(1), q8(size * mark)
            liquidation = _liquidation(held, wallets.get(wallet, {}).get(held.settle, ZERO))
        return OpenPosition(
            base=held.base,
            settle=held.settle,
            side=held.side,
            size=size,
            contracts=contracts,
            contract_size=contract_size,
            entry=held.entry,
            mark=mark,
            unrealized=unrealized,
            notional=notional,
            initial_margin=q8(notional / held.leverage),
            maintenance_margin=q8(notional * MAINTENANCE_RATE),
            leverage=held.leverage,
            liquidation=liquidation,
            inverse=held.inverse,
            wallet=wallet,
            held=held,
        )


def _apply(wallets: Wallets, event: Event) -> None:
    if event.counts:
        purse = wallets.setdefault(event.wallet, {})
        purse[event.asset] = purse.get(event.asset, ZERO) + event.amount


def _liquidation(held: Held, cash: Decimal) -> Decimal | None:
    """Return the cross-margin price at which this position alone would eat the wallet, None where it cannot."""
    cost = held.size * held.entry
    if held.side is Side.LONG:
        price = (cost - cash) / (held.size * (1 - MAINTENANCE_RATE))
    else:
        price = (cost + cash) / (held.size * (1 + MAINTENANCE_RATE))
    return price.quantize(tick(held.base)) if price > 0 else None


def _trade_facts(amounts: dict[str, Decimal]) -> dict[str, str]:
    bought = next(iter(amounts))
    return {"base": bought, "note": "buy" if amounts[bought] > 0 else "sell"}
