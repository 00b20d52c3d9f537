"""Detail points as bytes: columns of whole numbers with their differences, as JSON, compressed with a dictionary.

What stays the same over the points of a pack costs next to nothing; every amount comes back with all its digits.
"""

import json
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import timedelta
from decimal import Context, Decimal
from typing import Any

from core.domain.points import DetailPoint, HeldAsset, OpenLeg, WalletPoint
from core.persistence.types import EPOCH, to_micros

VERSION = b"\x01"
WIDE = Context(prec=60)
PRICE_DIGITS = Context(prec=12)  # a price is a quotient of ours; amounts keep every digit
COMMON = (
    b'{"t":[],"w":{"spot":{"s":"1","a":{"funding":{"earn":{"margin":{"unified":{"usdm":{"coinm":{"futures":'
    b'{"cash":{"swap":{"cross_margin":{"trading":{"SOL":["1","XRP":["1","BNB":["1","EUR":["1","BRL":["1",'
    b'"USDC":["1",[0,],[0,1]],"ETH":["1",[-8,],[-2,]],"BTC":["1",[-8,],[-2,]],"USDT":["1",[-8,],[0,1]]},'
    b'"l":{"BTC/USDT:USDT|long|USDT|":["1",[-3,"ETH/USDT:USDT|short|USDT|":["1",[null],[-2,]]}}}}'
)
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


def unpack_points(packed: bytes) -> list[DetailPoint]:
    """Return the points of a pack, ascending.

    Raises:
        ValueError: it is in no known form.
    """
    if packed[:1] != VERSION:
        raise ValueError("a pack of points in an unknown form")
    expand = zlib.decompressobj(-15, COMMON)
    found = json.loads(expand.decompress(packed[1:]) + expand.flush())
    times = [EPOCH + timedelta(microseconds=us) for us in _sums(found["t"])]
    columns = [_unpack_wallet(name, wallet, len(times)) for name, wallet in found["w"].items()]
    return [
        DetailPoint(at, tuple(wallet for wallet in row if wallet is not None))
        for at, row in zip(times, zip(*columns, strict=True) if columns else [()] * len(times), strict=True)
    ]


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


def _unpack_wallet(name: str, packed: dict[str, Any], count: int) -> list[WalletPoint | None]:
    states = _unmask(packed["s"], count)
    good = len(states) - states.count("-") - states.count("0")
    assets: list[list[HeldAsset]] = [[] for _ in range(good)]
    for key, (mask, amounts, prices) in packed["a"].items():
        places = [n for n, is_there in enumerate(_unmask(mask, good)) if is_there == "1"]
        asset = key.partition("\t")[0]
        rows = zip(places, _numbers(amounts, len(places)), _numbers(prices, len(places)), strict=True)
        for place, amount, price in rows:
            assets[place].append(HeldAsset(asset, amount or Decimal(0), price))
    legs: list[list[OpenLeg]] = [[] for _ in range(good)]
    for key, (mask, *columns) in packed["l"].items():
        places = [n for n, is_there in enumerate(_unmask(mask, good)) if is_there == "1"]
        symbol, side, settle, inverse = key.partition("\t")[0].split("|")
        for place, *numbers in zip(places, *(_numbers(column, len(places)) for column in columns), strict=True):
            values = dict(zip(LEG_NUMBERS, numbers, strict=True))
            legs[place].append(OpenLeg(symbol, side, settle, bool(inverse), **values))
    rest = iter(zip(assets, legs, strict=True))
    found: list[WalletPoint | None] = []
    for state in states:
        held, opened = next(rest) if state == "1" else ((), ())
        found.append(None if state == "-" else WalletPoint(name, state == "1", tuple(held), tuple(opened)))
    return found


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


def _numbers(column: Column, count: int) -> list[Decimal | None]:
    places, *coded = column
    whole = coded * count if len(coded) == 1 else _sums(coded)
    return [None if number is None else Decimal(f"{number}E{places}") for number in whole]


def _differences(numbers: Sequence[int | None]) -> Column:
    last, found = 0, list[int | None]()
    for number in numbers:
        found.append(None if number is None else number - last)
        last = last if number is None else number
    return found


def _sums(differences: Sequence[int | None]) -> list[Any]:
    last, found = 0, list[int | None]()
    for difference in differences:
        last += difference or 0
        found.append(None if difference is None else last)
    return found
