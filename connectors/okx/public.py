"""Parsers of what OKX says about keys, account level, contracts, prices, maintenance and its clock."""

from typing import Any

from connectors._parse import milliseconds, nonzero, number, record, rows, text
from connectors._reading import Answer, Reading
from connectors.types import Permissions

LEVELS = {"1": "spot", "2": "futures", "3": "multi_currency", "4": "portfolio_margin"}
KNOWN_RIGHTS = frozenset({"read_only", "trade", "withdraw"})
CONTRACT_FACTS = ("ctVal", "ctMult", "ctValCcy", "ctType", "settleCcy")


def data(answer: Answer) -> list[dict[str, Any]]:
    """Return the rows of the envelope."""
    return rows(record(answer.payload)["data"])


def server_time(answer: Answer) -> Reading:
    """Read the exchange's clock."""
    return Reading(server_time_ms=milliseconds(data(answer)[0]["ts"]))


def tickers(answer: Answer) -> Reading:
    """Read last prices by instrument; an empty one is no price."""
    found = {text(row["instId"]): nonzero(row["last"]) for row in data(answer)}
    return Reading(prices={name: price for name, price in found.items() if price is not None and price > 0})


def instruments(answer: Answer) -> Reading:
    """Read the facts of contracts by instrument: value and its unit, type, settlement coin."""
    return Reading(
        extra={
            "instruments": {text(row["instId"]): {name: row[name] for name in CONTRACT_FACTS} for row in data(answer)}
        }
    )


def system_status(answer: Answer) -> Reading:
    """Read whether maintenance is going on."""
    return Reading(extra={"maintenance": any(text(row["state"]) == "ongoing" for row in data(answer))})


def valuation(answer: Answer) -> Reading:
    """Read the value of all accounts, roughly, in the coin asked for: a cross-check only."""
    row = data(answer)[0]
    parts = sorted(record(row["details"]).items())
    return Reading(
        extra={
            "wallets": [{"wallet": name, "equity_quote": number(value)} for name, value in parts],
            "total_quote": number(row["totalBal"]),
            "as_of_ms": milliseconds(row["ts"]),
        }
    )


def account_config(answer: Answer) -> Reading:
    """Read key rights and account level; a word of right that is not known leaves open what else the key may do."""
    row = data(answer)[0]
    rights = frozenset(word.strip() for word in text(row["perm"]).split(","))
    otherwise = False if rights <= KNOWN_RIGHTS else None
    uid, main = text(row["uid"]), text(row["mainUid"])
    trade = True if "trade" in rights else otherwise
    address = row["ip"]
    if not isinstance(address, str):
        raise ValueError("not a list of addresses")
    found = Permissions(
        read=True,
        trade=trade,
        transfer=trade,  # moving funds between own accounts needs the right to trade
        withdraw=True if any("withdraw" in word for word in rights) else otherwise,
        ip_restricted=bool(address.strip()),
        uid=uid,
    )
    config = {
        "account_level": LEVELS.get(text(row["acctLv"]), "unknown"),
        "hedge_mode": text(row["posMode"]) == "long_short_mode",
        "uid": uid,
        "is_sub_account": uid != main,
    }
    return Reading(
        permissions=found,
        details={"permissions": [{"raw": sorted(rights)}]},
        extra={"account_config": config},
    )
