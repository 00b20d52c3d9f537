"""What the parts of the Coinbase dialect share: names of coins and wallets, ids, refusals, times, numbers."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

from connectors.sandbox.dialect import Call
from connectors.sandbox.model import Event
from connectors.sandbox.prices import CONTRACTS
from connectors.sandbox.wire import Answer, RefusedError, text

DOLLAR = "USDT"  # the world's; Coinbase has USDC in its wallets and USD in the derivatives account
FIAT = ("BRL", "USD")
STAKED = ("ETH",)
CODES = dict(zip(CONTRACTS, ("BIP", "ETP", "SLP", "XPP", "DOP", "LNP"), strict=True))
EXPIRY = "2030-12-20T16:00:00Z"
Row = dict[str, object]


@dataclass(frozen=True, slots=True)
class Purse:
    """One wallet of the Coinbase App: an asset of the world's spot or earn wallet."""

    id: str
    wallet: str
    asset: str
    amount: Decimal


def refused(status: int, code: str, message: str, *, app: bool = False) -> RefusedError:
    """Return a refusal: the v2 envelope for the app, else the v3 one; a 401 of v3 is plain text."""
    if app:
        return RefusedError(Answer(status, {"errors": [{"id": code, "message": message}]}))
    if status == 401:
        return RefusedError(Answer(status, "Unauthorized\n", {"Content-Type": "text/plain"}))
    return RefusedError(Answer(status, {"error": code, "error_details": message, "message": message}))


def coin(asset: str) -> str:
    """Return Coinbase's name of an asset of the world."""
    return "USDC" if asset == DOLLAR else asset


def identity(*parts: str) -> str:
    """Return a UUID that is always the same for the same parts."""
    return str(UUID(bytes=hashlib.sha256(":".join(parts).encode()).digest()[:16], version=4))


def portfolio(uid: str) -> str:
    """Return the id of an account's one portfolio."""
    return identity("portfolio", uid)


def purses(call: Call) -> list[Purse]:
    """Return every wallet of the account, empty ones too, ordinary ones first."""
    book = call.book()
    return [
        Purse(identity(call.uid, wallet, asset), wallet, asset, amount)
        for wallet in ("spot", "earn")
        for asset, amount in book.wallets.get(wallet, {}).items()
    ]


def product(base: str) -> str:
    """Return the venue symbol of a contract."""
    return f"{CODES[base]}-20DEC30-CDE"


def seconds(at: datetime) -> str:
    """Return a time as v2 prints it, in whole seconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def fraction(at: datetime) -> str:
    """Return a time as v3 prints it, with a fraction."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def dollars(value: Decimal) -> Row:
    """Return an amount of USD with its currency."""
    return {"value": text(value), "currency": "USD"}


def whole(call: Call, name: str, default: int, most: int) -> int:
    """Return a whole-number parameter from 1 to `most`.

    Raises:
        RefusedError: it is something else.
    """
    value = call.params.get(name) or str(default)
    if not value.isdigit() or not 1 <= int(value) <= most:
        raise refused(400, "INVALID_ARGUMENT", f"invalid {name}")
    return int(value)


def is_spot_fill(event: Event) -> bool:
    """Tell a commission of a spot trade, which only fills show."""
    return event.note in ("buy", "sell")
