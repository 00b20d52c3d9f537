"""Parsers of what Kraken says about its clock, pairs, prices and keys."""

from datetime import datetime
from typing import Any

from connectors._parse import from_ms, milliseconds, nonzero, number, record, text, text_or_none
from connectors._reading import Answer, Reading
from connectors.kraken.assets import asset_of
from connectors.types import Permissions

WITHDRAW = frozenset({"withdraw-funds", "add-withdraw-address", "update-withdraw-address"})
# earning moves money inside the account only: as much as a trade
TRADE = frozenset({"modify-trades", "close-trades", "earn-funds"})
HARMLESS = frozenset(
    {"query-funds", "query-open-trades", "query-closed-trades", "query-ledger", "add-funds", "export-data",
     "create-ws-token"}
)  # fmt: skip


def result(answer: Answer) -> object:
    """Return the envelope's content."""
    return record(answer.payload)["result"]


def server_time(answer: Answer) -> Reading:
    """Read the exchange's clock, in whole seconds."""
    return Reading(server_time_ms=milliseconds(number(record(result(answer))["unixtime"]) * 1000))


def system_status(answer: Answer) -> Reading:
    """Read the exchange's state; in cancel_only and post_only reads work."""
    state = text(record(result(answer))["status"])
    return Reading(extra={"available": state != "maintenance", "state": state})


def tickers(answer: Answer) -> Reading:
    """Read last prices by pair code."""
    found = {code: nonzero(number(record(row)["c"][0])) for code, row in record(result(answer)).items()}
    return Reading(prices={code: price for code, price in found.items() if price is not None and price > 0})


def pairs(answer: Answer) -> Reading:
    """Read base and quote of every pair, by its code and by its other name."""
    found: dict[str, tuple[str, str]] = {}
    for code, given in record(result(answer)).items():
        row = record(given)
        both = (asset_of(text(row["base"])), asset_of(text(row["quote"])))
        found[code] = found[text(row["altname"])] = both
    return Reading(extra={"pairs": found})


def permissions(answer: Answer) -> Reading:
    """Read a key's rights; a right that is not known leaves open what the key may do."""
    body = record(result(answer))
    rights = _words(body["permissions"])
    if "" in rights:
        raise ValueError("a right without a name")
    unknown = None if rights - WITHDRAW - TRADE - HARMLESS else False
    withdraws = True if rights & WITHDRAW or any("withdraw" in word for word in rights) else unknown
    addresses = _field(body, "ipAllowlist", "ip_allowlist")
    since = _moment(_field(body, "queryFrom", "query_from"))
    found = Permissions(
        read="query-funds" in rights,
        trade=True if rights & TRADE else unknown,
        transfer=withdraws,
        withdraw=withdraws,
        ip_restricted=None if addresses is None else any(_words(addresses)),
        expires_at=_moment(_field(body, "validUntil", "valid_until")),
        uid=(text_or_none(body.get("iban")) or "").replace(" ", "") or None,
    )
    more: dict[str, Any] = {"query_ledger": "query-ledger" in rights, "query_from_ms": since, "raw": sorted(rights)}
    return Reading(permissions=found, details={"permissions": [more]})


def _field(body: dict[str, Any], name: str, other: str) -> object:
    """Return a field in either spelling: the documentation's or the recorded one."""
    return body.get(name, body.get(other))


def _words(value: object) -> frozenset[str]:
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise ValueError("no list of words")
    return frozenset(value)


def _moment(value: object) -> datetime | None:
    """Return an instant of Unix seconds, None where 0 says that there is none."""
    seconds = number(value if value not in (None, "") else 0)
    return from_ms(milliseconds(seconds * 1000)) if seconds else None
