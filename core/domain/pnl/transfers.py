"""Which withdrawal and which deposit are one transfer between own wallets (PNL.md section 3)."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from math import ceil
from typing import Any

from core.domain.pnl.book import FLOW_KINDS, Book, wallet_key

WEEK_US = 7 * 86400 * 1_000_000
TXID_SHORT = Decimal("0.05")
FLOOR = Decimal("1e-8")
PENDING = "pending"
EDGES = (bisect_left, bisect_right)


@dataclass(frozen=True, slots=True)
class Pair:
    """A transfer: what left and what arrived; `fee` is what was lost on the way, `in` None while it is pending.

    `method` is link, ref, txid, amount or pending; `review` says that another leg fitted as well.
    """

    out: str
    in_: str | None
    asset: str
    amount: Decimal
    fee: Decimal
    method: str
    review: bool


@dataclass(frozen=True, slots=True)
class Matches:
    """Pairs {out, in, asset, amount, fee, method, review}, the ids left without one, those declared external."""

    pairs: list[dict[str, Any]]
    unmatched: list[str]
    external: list[str]


@dataclass(frozen=True, slots=True)
class Leg:
    """Half of what may be a transfer: an entry of a flow, `us` microseconds, the amount signed; `txid` is cleaned."""

    id: str
    us: int
    wallet: str
    account: str
    kind: str
    asset: str
    amount: Decimal
    ref: str | None
    txid: str | None


Shared = Callable[[Leg], str | None]


@dataclass(slots=True)
class _Desk:
    """The legs still free, and the pairs made of the others."""

    rules: dict[str, float]
    outs: dict[str, Leg]
    ins: dict[str, Leg]
    pairs: list[Pair] = field(default_factory=list)

    def settle(self, out: Leg, into: Leg | None, method: str, *, review: bool = False) -> None:
        received = into.amount if into else -out.amount
        pair = Pair(out.id, into.id if into else None, out.asset, received, -out.amount - received, method, review)
        self.pairs.append(pair)
        del self.outs[out.id]
        if into:
            del self.ins[into.id]

    def match(self, fits: Callable[[Leg, Leg], bool], method: str, shared: Shared, span: tuple[int, int]) -> None:
        """Pair greedily: smallest difference, nearest in time, ids.

        Only legs of one asset with the same `shared` (None: none) are compared, and of those only what arrived inside
        `span` (microseconds after sending, from and to): all against all would take minutes for a busy account.
        """
        groups: dict[tuple[str, str], list[Leg]] = defaultdict(list)
        for leg in sorted(self.ins.values(), key=lambda leg: leg.us):
            if (same := shared(leg)) is not None:
                groups[leg.asset, same].append(leg)
        times = {key: [leg.us for leg in legs] for key, legs in groups.items()}
        found = []
        for out in self.outs.values():
            key = (out.asset, shared(out))
            if key[1] is None or key not in groups:
                continue
            first, last = (bisect(times[key], out.us + edge) for bisect, edge in zip(EDGES, span, strict=True))
            found += [
                (-out.amount - into.amount, abs(into.us - out.us), out.id, into.id)
                for into in groups[key][first:last]
                if out.wallet != into.wallet and into.amount <= -out.amount and fits(out, into)
            ]
        found.sort()
        rivals: dict[tuple[str, Decimal], set[str]] = defaultdict(set)
        for short, _apart, out_id, in_id in found:
            rivals[out_id, short].add(in_id)
            rivals[in_id, short].add(out_id)
        for short, _apart, out_id, in_id in found:
            if out_id not in self.outs or in_id not in self.ins:
                continue
            others = (rivals[out_id, short] & self.ins.keys()) - {in_id}
            others |= (rivals[in_id, short] & self.outs.keys()) - {out_id}
            self.settle(self.outs[out_id], self.ins[in_id], method, review=method == "amount" and bool(others))


def match_transfers(book: Book) -> Matches:
    """Match the legs of transfers: the user's links, a shared reference, a transaction id, then amount and time."""
    pairs, unmatched, external = transfer_pairs(book)
    shown = [
        {
            "out": pair.out,
            "in": pair.in_,
            "asset": pair.asset,
            "amount": float(pair.amount),
            "fee": float(pair.fee),
            "method": pair.method,
            "review": pair.review,
        }
        for pair in pairs
    ]
    return Matches(shown, unmatched, external)


def transfer_pairs(book: Book) -> tuple[list[Pair], list[str], list[str]]:
    """Return the pairs in exact amounts, the unmatched ids and the external ids; computed once per book."""
    if "transfers" not in book.derived:
        book.derived["transfers"] = _match(book)
    found: tuple[list[Pair], list[str], list[str]] = book.derived["transfers"]
    return found


def _match(book: Book) -> tuple[list[Pair], list[str], list[str]]:
    links = book.tables["links"]
    return match_legs(_legs(book), book.rules, links=zip(links["out"], links["in"], strict=True))


def match_legs(
    legs: Sequence[Leg], rules: Mapping[str, float], *, links: Iterable[tuple[Any, Any]] = ()
) -> tuple[list[Pair], list[str], list[str]]:
    """Return the pairs that legs make, the unmatched ids and the ids declared external; `links` are (out, in)."""
    desk = _Desk(
        dict(rules),
        {leg.id: leg for leg in legs if leg.amount < 0},
        {leg.id: leg for leg in legs if leg.amount > 0},
    )
    external = _take_links(desk, links)
    week = (-WEEK_US, WEEK_US)
    desk.match(_same_ref, "ref", lambda leg: leg.ref, week)
    desk.match(_same_txid, "txid", lambda leg: leg.txid, week)
    longest = max(desk.rules["match_wallet_window_s"], desk.rules["match_window_s"])
    span = (-_micros(desk.rules["match_slack_s"]), _micros(longest))
    desk.match(lambda out, into: _fits_in_amount_and_time(out, into, desk.rules), "amount", lambda _leg: "", span)
    unmatched = sorted([*desk.outs, *desk.ins])
    return sorted(desk.pairs, key=lambda pair: pair.out), unmatched, sorted(external)


def _take_links(desk: _Desk, links: Iterable[tuple[Any, Any]]) -> list[str]:
    """Follow the user's word; return the legs that are declared external, which never match."""
    external: list[str] = []
    for out_id, in_id in links:
        out, into = desk.outs.get(str(out_id)), desk.ins.get(str(in_id))
        if in_id == PENDING and out:
            desk.settle(out, None, PENDING)
        elif out and into:
            desk.settle(out, into, "link")
        elif out_id is not None and in_id is None and out:
            external.append(desk.outs.pop(out.id).id)
        elif in_id is not None and out_id is None and into:
            external.append(desk.ins.pop(into.id).id)
    return external


def _same_ref(out: Leg, into: Leg) -> bool:
    return out.ref is not None and out.ref == into.ref and abs(into.us - out.us) <= WEEK_US


def _same_txid(out: Leg, into: Leg) -> bool:
    short = -out.amount - into.amount
    same = out.txid is not None and out.txid == into.txid
    return same and abs(into.us - out.us) <= WEEK_US and short <= TXID_SHORT * -out.amount


def _fits_in_amount_and_time(out: Leg, into: Leg, rules: dict[str, float]) -> bool:
    if out.txid is not None and into.txid is not None and out.txid != into.txid:
        return False
    allowed = max(Decimal(str(rules["match_amount_rel"])) * -out.amount, FLOOR)
    if -out.amount - into.amount > allowed:
        return False
    near = out.account == into.account or (out.kind == "transfer" and into.kind == "transfer")
    window = rules["match_wallet_window_s"] if near else rules["match_window_s"]
    late = (into.us - out.us) / 1_000_000
    return -rules["match_slack_s"] <= late <= window


def _legs(book: Book) -> list[Leg]:
    ledger = book.tables["ledger"]
    moves = ledger[ledger["kind"].isin(FLOW_KINDS)]
    exact = moves["amount_dec"] if "amount_dec" in moves.columns else moves["amount"]
    rows = zip(
        moves["id"], moves["ts"].astype("int64"), wallet_key(moves), moves["account"], moves["kind"], moves["asset"],
        exact, moves["ref"], moves["txid"], strict=True,
    )  # fmt: skip
    return [
        Leg(
            str(row[0]), int(row[1]), str(row[2]), str(row[3]), str(row[4]), str(row[5]), Decimal(str(row[6])),
            text_of(row[7]), txid_of(row[8]),
        )
        for row in rows
    ]  # fmt: skip


def _micros(seconds: float) -> int:
    return ceil(seconds * 1_000_000)


def text_of(value: Any) -> str | None:  # noqa: ANN401 (a cell of a table)
    """Return what a cell says, None where it is blank."""
    return str(value) if value is not None and str(value).strip() else None


def txid_of(value: Any) -> str | None:  # noqa: ANN401 (a cell of a table)
    """Return the id of a transaction as it is compared: trimmed, lower case, without 0x."""
    text = text_of(value)
    return text.strip().lower().removeprefix("0x") if text else None
