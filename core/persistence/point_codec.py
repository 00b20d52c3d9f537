"""Detail points as bytes: columns of whole numbers with their differences, as JSON, compressed with a dictionary.

What stays the same over the points of a pack costs next to nothing; every amount comes back with all its digits. One
point alone, which soon goes into a pack, is written as it is: that is several times quicker.
"""

import json
import zlib
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Context, Decimal
from itertools import accumulate
from typing import Any

from core.domain.points import DetailPoint, HeldAsset, OpenLeg, WalletPoint
from core.persistence.types import EPOCH, to_micros

VERSION, ALONE = b"\x01", b"\x02"
WIDE = Context(prec=60)
PRICE_DIGITS = Context(prec=12)  # a price is a quotient of ours; amounts keep every digit
COMMON = (
    b'{"t":[],"w":{"spot":{"s":"1","a":{"funding":{"earn":{"margin":{"unified":{"usdm":{"coinm":{"futures":'
    b'{"cash":{"swap":{"cross_margin":{"trading":{"SOL":["1","XRP":["1","BNB":["1","EUR":["1","BRL":["1",'
    b'"USDC":["1",[0,],[0,1]],"ETH":["1",[-8,],[-2,]],"BTC":["1",[-8,],[-2,]],"USDT":["1",[-8,],[0,1]]},'
    b'"l":{"BTC/USDT:USDT|long|USDT|":["1",[-3,"ETH/USDT:USDT|short|USDT|":["1",[null],[-2,]]}}}}'
)
NOTHING = Decimal(0)
LEG_NUMBERS = ("qty", "upnl", "settle_price", "mark", "entry", "liq", "leverage", "mm")
Column = list[int | None]


def pack_points(points: Sequence[DetailPoint]) -> bytes:
    """Return points of one account, ascending, as one text of bytes."""
    micros = [to_micros(point.at) for point in points]
    wallets: dict[str, Any] = {}
    for name in sorted({wallet.wallet for point in points for wallet in point.wallets}):
        wallets[name] = _pack_wallet([_wallet(point, name) for point in points])
    text = json.dumps({"t": _differences(micros), "w": wallets}, separators=(",", ":"))
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15, 9, zlib.Z_DEFAULT_STRATEGY, COMMON)
    return VERSION + squeeze.compress(text.encode()) + squeeze.flush()


def pack_point(point: DetailPoint) -> bytes:
    """Return one point of an account as bytes."""
    wallets = [
        [
            wallet.wallet,
            wallet.ok,
            [[held.asset, str(held.amount), _text(shorten(held.price))] for held in wallet.assets],
            [
                [leg.symbol, leg.side, leg.settle, leg.inverse, *(_text(_number(leg, name)) for name in LEG_NUMBERS)]
                for leg in wallet.legs
            ],
        ]
        for wallet in point.wallets
    ]
    text = json.dumps([to_micros(point.at), wallets], separators=(",", ":"))
    squeeze = zlib.compressobj(1, zlib.DEFLATED, -15, 8, zlib.Z_DEFAULT_STRATEGY)
    return ALONE + squeeze.compress(text.encode()) + squeeze.flush()


def unpack_points(packed: bytes, *, since: datetime | None = None, until: datetime | None = None) -> list[DetailPoint]:
    """Return the points of a pack with since <= at <= until, ascending; others are not made at all.

    Raises:
        ValueError: it is in no known form.
    """
    first = None if since is None else to_micros(since)
    last = None if until is None else to_micros(until)
    if packed[:1] == ALONE:
        point = _unpack_alone(packed)
        at = to_micros(point.at)
        return [point] if (first is None or first <= at) and (last is None or at <= last) else []
    if packed[:1] != VERSION:
        raise ValueError("a pack of points in an unknown form")
    expand = zlib.decompressobj(-15, COMMON)
    found = json.loads(expand.decompress(packed[1:]) + expand.flush())
    micros = _sums(found["t"])
    begin = 0 if first is None else bisect_left(micros, first)
    end = len(micros) if last is None else bisect_right(micros, last)
    if begin >= end:
        return []
    columns = [_unpack_wallet(name, wallet, len(micros), slice(begin, end)) for name, wallet in found["w"].items()]
    times = [EPOCH + timedelta(microseconds=us) for us in micros[begin:end]]
    return [
        DetailPoint(at, tuple(wallet for wallet in row if wallet is not None))
        for at, row in zip(times, zip(*columns, strict=True) if columns else [()] * len(times), strict=True)
    ]


def _unpack_alone(packed: bytes) -> DetailPoint:
    micros, wallets = json.loads(zlib.decompress(packed[1:], -15))
    found = []
    for name, ok, assets, legs in wallets:
        held = tuple(HeldAsset(asset, Decimal(amount), _decimal(price)) for asset, amount, price in assets)
        opened = []
        for symbol, side, settle, inverse, *numbers in legs:
            values = dict(zip(LEG_NUMBERS, map(_decimal, numbers), strict=True))
            opened.append(OpenLeg(symbol, side, settle, inverse, **values))  # type: ignore[arg-type]
        found.append(WalletPoint(name, ok, held, tuple(opened)))
    return DetailPoint(EPOCH + timedelta(microseconds=micros), tuple(found))


def _text(number: Decimal | None) -> str | None:
    return None if number is None else str(number)


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def shorten(price: Decimal | None) -> Decimal | None:
    """Return a price with the digits that are kept of it."""
    return None if price is None else PRICE_DIGITS.plus(price)


def _wallet(point: DetailPoint, name: str) -> WalletPoint | None:
    return next((wallet for wallet in point.wallets if wallet.wallet == name), None)


def _pack_wallet(wallets: Sequence[WalletPoint | None]) -> dict[str, Any]:
    states = "".join("-" if wallet is None else "1" if wallet.ok else "0" for wallet in wallets)
    good = [wallet for wallet in wallets if wallet is not None and wallet.ok]
    assets = _series(_numbered((held.asset, held) for held in wallet.assets) for wallet in good)
    legs = _series(_numbered((_leg_key(leg), leg) for leg in wallet.legs) for wallet in good)
    return {
        "s": _mask(states),
        "a": {
            key: [mask, _column(h.amount for h in row), _column(shorten(h.price) for h in row)]
            for key, (mask, row) in assets.items()
        },
        "l": {
            key: [mask, *(_column(_number(leg, name) for leg in row) for name in LEG_NUMBERS)]
            for key, (mask, row) in legs.items()
        },
    }


def _number(leg: OpenLeg, name: str) -> Decimal | None:
    value: Decimal | None = getattr(leg, name)
    return shorten(value) if name == "settle_price" else value


def _unpack_wallet(name: str, packed: dict[str, Any], count: int, part: slice) -> list[WalletPoint | None]:
    states = _unmask(packed["s"], count)
    good = states.count("1")
    first = states.count("1", 0, part.start)
    asked = slice(first, first + states.count("1", part.start, part.stop))
    assets: list[list[HeldAsset]] = [[] for _ in range(asked.start, asked.stop)]
    for key, (mask, amounts, prices) in packed["a"].items():
        asset = key.partition("\t")[0]
        places, inside, there = _places(mask, good, asked)
        rows = zip(places, _numbers(amounts, there, inside), _numbers(prices, there, inside), strict=True)
        for place, amount, price in rows:
            assets[place].append(HeldAsset(asset, amount or NOTHING, price))
    legs: list[list[OpenLeg]] = [[] for _ in range(asked.start, asked.stop)]
    for key, (mask, *columns) in packed["l"].items():
        places, inside, there = _places(mask, good, asked)
        symbol, side, settle, inverse = key.partition("\t")[0].split("|")
        for place, *numbers in zip(places, *(_numbers(column, there, inside) for column in columns), strict=True):
            legs[place].append(OpenLeg(symbol, side, settle, bool(inverse), *numbers))
    rest = iter(zip(assets, legs, strict=True))
    found: list[WalletPoint | None] = []
    for state in states[part]:
        held, opened = next(rest) if state == "1" else ((), ())
        found.append(None if state == "-" else WalletPoint(name, state == "1", tuple(held), tuple(opened)))
    return found


def _places(mask: str, good: int, asked: slice) -> tuple[Sequence[int], slice, int]:
    """Return where in the part asked for something is there, which of its numbers these are, and of how many."""
    there = _unmask(mask, good)
    first = there.count("1", 0, asked.start)
    places = [n for n, is_there in enumerate(there[asked]) if is_there == "1"]
    return places, slice(first, first + len(places)), there.count("1")


def _leg_key(leg: OpenLeg) -> str:
    return "|".join((leg.symbol, leg.side, leg.settle, "i" if leg.inverse else ""))


def _numbered(items: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Give a second item of the same name a number, so that neither is lost."""
    seen: Counter[str] = Counter()
    found = {}
    for name, item in items:
        found[name if not seen[name] else f"{name}\t{seen[name]}"] = item
        seen[name] += 1
    return found


def _series(points: Iterable[dict[str, Any]]) -> dict[str, tuple[str, list[Any]]]:
    """Return per name where it is present, and what is there."""
    rows = list(points)
    names = dict.fromkeys(name for row in rows for name in row)
    return {
        name: (_mask("".join("1" if name in row else "0" for row in rows)), [row[name] for row in rows if name in row])
        for name in names
    }


def _mask(states: str) -> str:
    """Return one letter for all where they are the same."""
    return states[:1] if states == states[:1] * len(states) else states


def _unmask(mask: str, count: int) -> str:
    return mask * count if len(mask) == 1 else mask


def _column(values: Iterable[Decimal | None]) -> Column:
    """Return the power of ten, the first value and the differences; one number for all where they are the same."""
    plain = [None if value is None else value.normalize(WIDE) for value in values]
    places = min((int(value.as_tuple().exponent) for value in plain if value), default=0)
    whole = [None if value is None else int(value.scaleb(-places, WIDE)) for value in plain]
    if all(number == whole[0] for number in whole):
        return [places, whole[0]]
    return [places, *_differences(whole)]


def _numbers(column: Column, count: int, part: slice) -> list[Decimal | None]:
    """Return a part of a column of `count` numbers; equal ones that follow each other are one object."""
    places, *coded = column
    if len(coded) == 1 and count != 1:
        return [_scaled(coded[0], places)] * (part.stop - part.start)
    found: list[Decimal | None] = []
    last, made = None, None
    for number in _sums(coded)[part]:
        if number != last:
            last, made = number, _scaled(number, places)
        found.append(made)
    return found


def _scaled(number: int | None, places: int | None) -> Decimal | None:
    return None if number is None else Decimal(number).scaleb(places or 0, WIDE)


def _differences(numbers: Sequence[int | None]) -> Column:
    last, found = 0, list[int | None]()
    for number in numbers:
        found.append(None if number is None else number - last)
        last = last if number is None else number
    return found


def _sums(differences: Sequence[int | None]) -> list[Any]:
    if None not in differences:
        return list(accumulate(differences))
    last, found = 0, list[int | None]()
    for difference in differences:
        last += difference or 0
        found.append(None if difference is None else last)
    return found
