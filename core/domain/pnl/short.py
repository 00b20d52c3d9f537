"""A short period without anything odd, added up in plain numbers: the figures of its book at a small part of the price.

Tables cost what they cost however few rows they have. Where a rule is needed that is not here (a missing price, money
on its way at an end, a wallet that joins or leaves, an old reading) the answer is None, and a book says it.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise

import numpy as np

from core.domain import performance
from core.domain.performance import Flow
from core.domain.pnl.book import COMPONENT_OF, COMPONENTS, DEFAULTS, FLOW_KINDS
from core.domain.pnl.tape import SECOND, USD
from core.domain.pnl.transfers import Leg, match_legs, text_of, txid_of

NOISE = 1e-12  # what float64 can tell of an amount
Money = dict[str, float]


@dataclass(frozen=True, slots=True)
class Held:
    """What one wallet held at one good reading: per asset amount and USD price, its open P&L and its worth in USD."""

    us: int
    assets: Mapping[str, tuple[float, float]]
    open_pnl: float
    usd: float

    @classmethod
    def of(cls, us: int, assets: Mapping[str, tuple[float, float]], open_pnl: float) -> "Held":
        """Return a reading with its worth."""
        return cls(us, assets, open_pnl, sum(amount * price for amount, price in assets.values()) + open_pnl)


@dataclass(frozen=True, slots=True)
class Entry:
    """A ledger entry of one wallet ("account/wallet"): signed amount, USD price; `ref` joins the legs of a trade."""

    id: str
    us: int
    wallet: str
    kind: str
    asset: str
    amount: Decimal
    price: float | None
    ref: str | None
    txid: str | None = None


@dataclass(frozen=True, slots=True)
class Moved:
    """Money that came (+) or went (-), USD: booked at `us`, first seen by the wallet's reading at `end`."""

    id: str
    wallet: str
    us: int
    end: int
    usd: float


@dataclass(frozen=True, slots=True)
class ShortPnl:
    """P&L of (t0, t1] in USD, as `PeriodPnl` has it: by account ("account/wallet" up to the stroke) and in all."""

    equity0: float
    equity1: float
    by_account: dict[str, Money]
    flows: list[Moved]
    twr: float | None
    unexplained_ok: bool
    money: Money = field(default_factory=dict)


def short_pnl(
    wallets: Mapping[str, Sequence[Held]],
    entries: Mapping[str, Sequence[Entry]],
    t0: int,
    t1: int,
    *,
    stale_after_s: float,
) -> ShortPnl | None:
    """Return the P&L of (t0, t1] (microseconds) of wallets with their good readings, both ascending in time.

    None where it takes a book: the cases are those of the module's docstring.
    """
    if not wallets or not all(_is_fresh(held, t0, t1, stale_after_s) for held in wallets.values()):
        return None
    journeys = _journeys(wallets, entries, t0, t1)
    if journeys is None:
        return None
    prices = _Prices(wallets)
    lost = {one.out: one.fee for one in journeys}
    by_account: dict[str, Money] = {}
    flows: list[Moved] = []
    for wallet, held in wallets.items():
        money = by_account.setdefault(wallet.partition("/")[0], dict.fromkeys((*COMPONENTS, "net_flows"), 0.0))
        for before, after in pairwise(held):
            if not t0 < after.us <= t1:
                continue
            seen = [entry for entry in entries.get(wallet, ()) if before.us <= entry.us < after.us]
            moved = _interval((before, after), seen, prices, lost, money)
            if moved is None:
                return None
            flows += moved
    whole = {name: sum(money[name] for money in by_account.values()) for name in COMPONENTS}
    inside = {leg for one in journeys for leg in (one.out, one.into)}
    whole["price_effect"] += sum(one.usd for one in flows if one.id in inside)  # what a price did on the way
    external = [one for one in flows if one.id not in inside]
    whole["net_flows"] = sum(one.usd for one in external)
    for money in (whole, *by_account.values()):
        money |= {"scope_flows": 0.0, "total": sum(money[name] for name in COMPONENTS)}
    ends = [_worth(wallets, us) for us in (t0, t1)]
    tolerance = max(DEFAULTS["tol_abs_usd"], DEFAULTS["tol_rel"] * sum(map(abs, ends)) / 2)
    read = {one.us for held in wallets.values() for one in held if t0 < one.us <= t1}
    at = sorted({t0, t1, *read})
    course = [_worth(wallets, us) + sum(one.usd_at(us, prices) for one in journeys) for us in at]
    is_known = abs(whole["unexplained"]) <= tolerance
    return ShortPnl(ends[0], ends[1], by_account, external, _twr(at, course, external), is_known, whole)


@dataclass(frozen=True, slots=True)
class _Journey:
    """A transfer between two of the wallets, and when each end was first seen."""

    out: str
    into: str
    asset: str
    amount: float
    fee: float
    out_seen: int
    in_seen: int
    price: float

    def usd_at(self, us: int, prices: "_Prices") -> float:
        """Return what is on its way at an instant, USD; negative while only the receiver has seen it."""
        away = (self.out_seen <= us) - (self.in_seen <= us)
        if not away:
            return 0.0
        price = prices.at(self.asset, us)
        return away * self.amount * (self.price if price is None else price)


def _journeys(
    wallets: Mapping[str, Sequence[Held]], entries: Mapping[str, Sequence[Entry]], t0: int, t1: int
) -> list[_Journey] | None:
    """Return the transfers between the wallets; None where one is on its way at an end, or its half is not read."""
    moves = {e.id: e for some in entries.values() for e in some if e.kind in FLOW_KINDS}
    if not _may_pair(moves.values()):
        return []
    legs = [
        Leg(
            e.id, e.us, e.wallet, e.wallet.partition("/")[0], e.kind, e.asset, e.amount, text_of(e.ref), txid_of(e.txid)
        )
        for e in sorted(moves.values(), key=lambda e: (e.us, e.wallet, e.id))
    ]
    found = []
    for pair in match_legs(legs, DEFAULTS)[0]:
        out, into = moves[pair.out], moves[pair.in_ or pair.out]
        seen = [_seen_at(wallets.get(leg.wallet, ()), leg.us) for leg in (out, into)]
        if out.price is None or None in seen:
            return None
        first, last = sorted(us for us in seen if us is not None)
        if last > t1 or first <= t0 < last:
            return None
        asset, amount, fee = pair.asset, float(pair.amount), float(pair.fee)
        found.append(_Journey(out.id, into.id, asset, amount, fee, seen[0] or 0, seen[1] or 0, out.price))
    return found


def _seen_at(held: Sequence[Held], us: int) -> int | None:
    """Return the time of the first reading after an entry; None where there is none, or it came before them all."""
    n = bisect_right(held, us, key=lambda one: one.us)
    return held[n].us if 0 < n < len(held) else None


def _is_fresh(held: Sequence[Held], t0: int, t1: int, stale_after_s: float) -> bool:
    """Tell whether a wallet had been read shortly before both ends, and in between."""
    times = [one.us for one in held]
    ages = [t - times[n - 1] if (n := bisect_right(times, t)) else float("inf") for t in (t0, t1)]
    return max(ages) <= stale_after_s * SECOND and any(t0 < us <= t1 for us in times)


def _may_pair(moves: Iterable[Entry]) -> bool:
    """Tell whether money of one kind both came and went: then two entries may be one transfer."""
    signs = {(entry.asset, entry.amount > 0) for entry in moves}
    return any((asset, not came) in signs for asset, came in signs)


def _interval(
    ends: tuple[Held, Held], seen: Sequence[Entry], prices: "_Prices", lost: Mapping[str, float], money: Money
) -> list[Moved] | None:
    """Add one interval of one wallet to the sums (PNL.md section 4); return its flows, None where it takes a book.

    `lost` is what was lost on the way of a transfer that was sent, by its entry: a fee and no flow.
    """
    before, after = ends
    moved: dict[str, float] = defaultdict(float)
    worth, flows = 0.0, []
    for entry in seen:
        if entry.kind == "trade":
            continue
        price = 1.0 if entry.price is None and entry.asset == USD else entry.price
        if price is None:
            return None
        amount = float(entry.amount)
        moved[entry.asset] += amount
        worth += amount * price
        if entry.kind in FLOW_KINDS:
            fee = lost.get(entry.id, 0.0)
            flows.append(Moved(entry.id, entry.wallet, entry.us, after.us, (amount + fee) * price))
            money["net_flows"] += flows[-1].usd
            money["fees"] -= fee * price
        else:
            money[COMPONENT_OF[entry.kind]] += amount * price
    if not _add_trades(seen, moved):
        return None
    effect, odd = 0.0, 0.0
    for asset in {**before.assets, **after.assets, **moved}:
        q0, p0 = before.assets.get(asset, (0.0, 0.0))
        q1, p1 = after.assets.get(asset, (0.0, None))
        if p1 is None:
            p1 = prices.at(asset, after.us)
        if p1 is None:
            return None
        change = q1 - q0 - moved[asset]
        noise = (abs(q0) + abs(q1) + abs(moved[asset])) * NOISE
        strange = change * p1 if abs(change) > noise else 0.0
        effect += q1 * p1 - q0 * p0 - strange
        odd += strange
    money["price_effect"] += effect - worth
    money["unexplained"] += odd
    money["unrealised_change"] += after.open_pnl - before.open_pnl
    return flows


def _add_trades(seen: Sequence[Entry], moved: dict[str, float]) -> bool:
    """Add what trades moved, whose legs are worth nothing together; False where that does not hold of one.

    A leg alone tells nobody what it moved, and is left out.
    """
    trades: dict[tuple[int, str], list[Entry]] = defaultdict(list)
    for entry in seen:
        if entry.kind == "trade" and entry.ref is not None:
            trades[entry.us, entry.ref].append(entry)
    whole = [legs for legs in trades.values() if len(legs) > 1]
    for leg in (leg for legs in whole for leg in legs):
        moved[leg.asset] += float(leg.amount)
    return all(leg.amount for legs in whole for leg in legs)


def _worth(wallets: Mapping[str, Sequence[Held]], us: int) -> float:
    """Return what all were worth at an instant, each at its last reading."""
    found = 0.0
    for held in wallets.values():
        n = bisect_right(held, us, key=lambda one: one.us)
        found += held[n - 1].usd if n else 0.0
    return found


def _twr(at: Sequence[int], worth: Sequence[float], flows: Sequence[Moved]) -> float | None:
    """Return the time-weighted return over readings (microseconds, ascending) and what all were worth at each."""
    moved = [Flow(one.us, one.usd, one.end) for one in flows]
    return performance.chain(np.array(at, dtype=np.int64), np.array(worth), moved, DEFAULTS).twr


class _Prices:
    """What an asset cost last, from all wallets' readings; looked up only where a wallet has none of it left."""

    def __init__(self, wallets: Mapping[str, Sequence[Held]]) -> None:
        self._wallets = wallets

    def at(self, asset: str, us: int) -> float | None:
        """Return the USD price at or before an instant, not older than a day; at one instant wallets by name."""
        if asset == USD:
            return 1.0
        oldest = us - DEFAULTS["price_max_age_s"] * SECOND
        known = [
            (-one.us, wallet, one.assets[asset][1])
            for wallet, held in self._wallets.items()
            for one in held
            if oldest <= one.us <= us and asset in one.assets
        ]
        return min(known)[2] if known else None
