"""Parsers of what Gate.io says about keys, account mode, prices, contracts and its clock."""

from collections.abc import Iterable, Mapping
from typing import Any

from connectors._parse import flag, milliseconds, natural, nonzero, record, rows, text
from connectors._reading import Answer, Reading
from connectors.gateio import failures
from connectors.types import Permissions

CLASSIC = "classic"
PORTFOLIO = "portfolio"
UNIFIED_MODES = ("multi_currency", "single_currency", PORTFOLIO)
KEY_MODES = {"1": CLASSIC, "2": "unified"}
READS_ONLY = frozenset({"account"})  # groups in which nothing can be traded or moved
MOVES = frozenset({"wallet", "custody"})
TRADES = frozenset(
    {"spot", "futures", "delivery", "options", "margin", "unified", "earn", "loan", "copy", "pilot", "otc", "alpha"}
    | {"crossx"}
)


def server_time(answer: Answer) -> Reading:
    """Read the exchange's clock."""
    return Reading(server_time_ms=milliseconds(record(answer.payload)["server_time"]))


def spot_tickers(answer: Answer) -> Reading:
    """Read last prices by pair; one that never traded has none."""
    return Reading(prices=_prices(rows(answer.payload), "currency_pair", "last"))


def futures_tickers(answer: Answer) -> Reading:
    """Read last and mark prices by contract."""
    items = rows(answer.payload)
    return Reading(prices=_prices(items, "contract", "last"), extra={"marks": _prices(items, "contract", "mark_price")})


def contracts(answer: Answer) -> Reading:
    """Read the multiplier of each contract; an inverse one has multiplier 0 and is worth 1 USD."""
    items = rows(answer.payload)
    found = {
        text(row["name"]): {"multiplier": natural(row["quanto_multiplier"]), "inverse": row["type"] == "inverse"}
        for row in items
    }
    return Reading(extra={"contracts": found}, next=next_offset(answer, len(items)))


def account_detail(answer: Answer) -> Reading:
    """Read the uid and the addresses that the key in use is bound to."""
    body = record(answer.payload)
    mode = KEY_MODES.get(str(record(body["key"])["mode"]))
    extra = {"uid": text(body["user_id"]), "ip_restricted": _bound(body["ip_whitelist"]), "key_mode": mode}
    return Reading(extra=extra)


def account_mode(answer: Answer) -> Reading:
    """Read the account's mode; who never had a unified account is classic, an unknown word is refused."""
    mode = CLASSIC if failures.never_opened(answer) else text(record(answer.payload)["mode"])
    if mode != CLASSIC and mode not in UNIFIED_MODES:
        raise ValueError("unknown mode")
    return Reading(extra={"account_mode": CLASSIC if mode == CLASSIC else "unified", "venue_mode": mode})


def main_keys(answer: Answer) -> Reading:
    """Read the rights of every key of the main account, by the visible prefix of its masked text."""
    listed = answer.payload if isinstance(answer.payload, list) else [answer.payload]  # the official client knows one
    found = {text(row["key"]).split("*")[0]: _rights(row) for row in rows(listed)}
    return Reading(extra={"by_key": found})


def own_rights(by_key: Mapping[str, Mapping[str, Any]], api_key: str) -> Permissions | None:
    """Return the rights of the key in use, None when it is not listed; of two that fit the wider ones.

    No right to withdraw is ever listed, so that it stays unknown; a key that may write to the wallet counts as one
    that may withdraw.
    """
    fits = [rights for prefix, rights in by_key.items() if prefix and api_key.startswith(prefix)]
    if not fits:
        return None
    moves = _worst(rights["can_transfer"] for rights in fits)
    return Permissions(
        read=True,
        trade=_worst(rights["can_trade"] for rights in fits),
        transfer=moves,
        withdraw=True if moves else None,
        ip_restricted=all(rights["ip_restricted"] for rights in fits),
    )


def next_offset(answer: Answer, length: int) -> dict[str, Any] | None:
    """Return what changes for the page after a full one; None where no page size was asked for."""
    limit = answer.params.get("limit")
    if limit is None or length < int(limit):
        return None
    return {**answer.params, "offset": int(answer.params.get("offset", 0)) + length}


def _prices(items: Iterable[Mapping[str, Any]], name: str, value: str) -> dict[str, Any]:
    found = {text(row[name]): nonzero(row[value]) for row in items}
    return {symbol: price for symbol, price in found.items() if price is not None and price > 0}


def _rights(row: Mapping[str, Any]) -> dict[str, bool | None]:
    writes = {text(item["name"]) for item in rows(row["perms"]) if not flag(item["read_only"])}
    unknown = None if writes - TRADES - MOVES - READS_ONLY else False
    return {
        "can_read": bool(row["perms"]),
        "can_trade": True if writes & TRADES else unknown,
        "can_transfer": True if writes & MOVES else unknown,
        "can_withdraw": None,
        "ip_restricted": _bound(row["ip_whitelist"]),
    }


def _bound(addresses: object) -> bool:
    if addresses is not None and not isinstance(addresses, list):
        raise ValueError("no list of addresses")
    return any(addresses or ())


def _worst(values: Iterable[bool | None]) -> bool | None:
    found = set(values)
    return True if True in found else None if None in found else False
