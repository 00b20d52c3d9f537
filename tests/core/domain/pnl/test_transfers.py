"""Transfers are matched as PNL.md section 3 says it, compared with the plain reading of it: all legs against all."""

import random
from decimal import Decimal

import pandas as pd
import pytest

from core.domain.pnl import Book, match_transfers

START = pd.Timestamp("2026-03-01T12:00:00Z")
WEEK, SLACK, DAY, TEN_MINUTES = 7 * 86400, 300, 86400, 600
Leg = dict[str, object]
AMOUNTS = ["100", "99.7", "99.4", "95", "94", "250", "0.00000003", "0.000000025"]


def random_legs(seed: int) -> list[Leg]:
    rng = random.Random(seed)
    legs: list[Leg] = []
    for n in range(rng.randint(2, 40)):
        amount = Decimal(rng.choice(AMOUNTS)) * rng.choice((1, -1))
        kind = rng.choice(("transfer", "deposit" if amount > 0 else "withdrawal"))
        seconds = rng.choice((rng.randint(0, 900), rng.randint(0, 2 * DAY), rng.randint(0, 9 * DAY)))
        legs.append(
            {
                "id": f"{n:02}", "ts": START + pd.Timedelta(seconds=seconds), "account": rng.choice("AB"),
                "wallet": rng.choice(("spot", "funding")), "kind": kind, "asset": rng.choice(("USDT", "BTC")),
                "amount": amount, "price": 1.0, "symbol": None, "side": None,
                "ref": rng.choice((None, None, "r1", "r2")), "txid": rng.choice((None, None, "0xAB", "ab", "cd")),
            }
        )  # fmt: skip
    return legs


def plain_reading(legs: list[Leg]) -> dict[str, tuple[str, str]]:
    """Return the other half and the rule of each leg that left, every leg compared with every other."""
    free = {str(leg["id"]): leg for leg in legs}
    pairs: dict[str, tuple[str, str]] = {}
    for method in ("ref", "txid", "amount"):
        found = []
        for out in [leg for leg in free.values() if _amount(leg) < 0]:
            for into in [leg for leg in free.values() if _amount(leg) > 0]:
                short = -_amount(out) - _amount(into)
                late = (into["ts"] - out["ts"]).total_seconds()  # type: ignore[operator]
                fits = _place(out) != _place(into) and out["asset"] == into["asset"] and short >= 0
                if fits and _fits(method, out, into, short, late):
                    found.append((short, abs(late), str(out["id"]), str(into["id"])))
        for _short, _late, out_id, in_id in sorted(found):
            if out_id in free and in_id in free:
                pairs[out_id] = (in_id, method)
                del free[out_id], free[in_id]
    return pairs


def _fits(method: str, out: Leg, into: Leg, short: Decimal, late: float) -> bool:
    ids = (_txid(out), _txid(into))
    if method == "ref":
        return out["ref"] is not None and out["ref"] == into["ref"] and abs(late) <= WEEK
    if method == "txid":
        within = short <= Decimal("0.05") * -_amount(out)
        return ids[0] is not None and ids[0] == ids[1] and abs(late) <= WEEK and within
    if None not in ids and ids[0] != ids[1]:
        return False
    near = out["account"] == into["account"] or out["kind"] == into["kind"] == "transfer"
    allowed = max(Decimal("0.005") * -_amount(out), Decimal("1e-8"))
    return short <= allowed and -SLACK <= late <= (TEN_MINUTES if near else DAY)


def _amount(leg: Leg) -> Decimal:
    return Decimal(str(leg["amount"]))


def _place(leg: Leg) -> tuple[object, object]:
    return leg["account"], leg["wallet"]


def _txid(leg: Leg) -> str | None:
    return None if leg["txid"] is None else str(leg["txid"]).strip().lower().removeprefix("0x")


@pytest.mark.parametrize("seed", range(60))
def test_matching_along_time_finds_what_all_against_all_finds(seed: int) -> None:
    legs = random_legs(seed)
    accounts = pd.DataFrame([("A", "x", None), ("B", "y", None)], columns=["account", "exchange", "removed_at"])
    found = match_transfers(Book(accounts=accounts, ledger=pd.DataFrame(legs)))
    assert {pair["out"]: (pair["in"], pair["method"]) for pair in found.pairs} == plain_reading(legs)
