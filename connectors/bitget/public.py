"""Parsers of what Bitget says about keys, account mode, prices and its clock."""

from connectors._parse import milliseconds, nonzero, record, rows, text
from connectors._reading import Answer, Reading
from connectors.types import Permissions

READ_CODES = frozenset({"readonly", "read", "read_only"})
TRADE_CODES = frozenset({"trade"})
PERMISSION_TYPES = {"read_and_write": True, "read_only": False, "readonly": False}


def data(answer: Answer) -> object:
    """Return the envelope's content."""
    return record(answer.payload)["data"]


def server_time(answer: Answer) -> Reading:
    """Read the exchange's clock."""
    return Reading(server_time_ms=milliseconds(record(data(answer))["serverTime"]))


def tickers(answer: Answer) -> Reading:
    """Read last prices by native symbol; `lastPr` on classic lists, `lastPrice` on unified ones."""
    found = {
        text(row["symbol"]): nonzero(row["lastPr"] if "lastPr" in row else row["lastPrice"])
        for row in rows(data(answer))
    }
    return Reading(prices={symbol: price for symbol, price in found.items() if price is not None and price > 0})


def settings(answer: Answer) -> Reading:
    """Read the settings of a unified account; that they can be read is the sign of one."""
    body = record(data(answer))
    return Reading(
        extra={
            "account_mode": "unified",
            "venue_mode": text(body["accountMode"]),
            "hedged": text(body["holdMode"]) == "hedge_mode",
            "asset_mode": text(body["assetMode"]),
            "uid": text(body["uid"]),
        }
    )


def classic_permissions(answer: Answer) -> Reading:
    """Read a classic key's rights from its authority codes, whose full list Bitget does not publish.

    Only read-only codes: it only reads. A code of wallet withdrawal: it may withdraw. Any other code leaves what it
    allows unknown.
    """
    body = record(data(answer))
    codes = _codes(body["authorities"])
    withdraws = any(code.startswith("ww") or "withdraw" in code for code in codes)
    only_reads = bool(codes) and codes <= READ_CODES
    unknown = None if not only_reads else False
    rights = Permissions(
        read=True,
        trade=True if codes & TRADE_CODES else unknown,
        transfer=unknown,
        withdraw=True if withdraws else unknown,
        ip_restricted=_bound(body["ips"]),
        uid=_uid(body),
    )
    return Reading(permissions=rights, details={"permissions": [{"raw": body["authorities"]}]})


def unified_permissions(answer: Answer) -> Reading:
    """Read a unified key's rights: `permType` says whether its scopes may write; an unknown word leaves that open."""
    body = record(data(answer))
    codes = _codes(body["permissions"])
    writes = PERMISSION_TYPES.get(text(body["permType"]).replace("-", "_").lower())
    rights = Permissions(
        read=True,
        trade="uta_trade" in codes and writes,
        transfer="uta_mgt" in codes and writes,
        withdraw=any("withdraw" in code for code in codes) and writes,
        ip_restricted=_bound(body["ips"]),
        uid=_uid(body),
    )
    return Reading(permissions=rights, details={"permissions": [{"raw": body["permissions"]}]})


def _bound(addresses: object) -> bool:
    """Tell whether a key is bound to addresses: a text of them or a list; an empty one is none."""
    return bool(_codes(addresses) if isinstance(addresses, list) else addresses != "" and text(addresses))


def _codes(value: object) -> frozenset[str]:
    if not isinstance(value, list):
        raise ValueError("no list of codes")
    return frozenset(text(code).lower() for code in value)


def _uid(body: dict[str, object]) -> str | None:
    """Return the account id; documentation examples mask it."""
    value = body.get("userId")
    return None if value is None or value == "" or "*" in str(value) else text(value)
