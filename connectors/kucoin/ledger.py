"""Parsers of KuCoin's books. A row's amount is the whole change of a balance; the fee within becomes an own entry."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from connectors._parse import (
    JsonError,
    flag,
    instant,
    loads,
    milliseconds,
    natural,
    number,
    number_or_none,
    record,
    rows,
    text,
    text_or_none,
)
from connectors._reading import Answer, Reading
from connectors.kucoin.public import data
from connectors.kucoin.symbols import coin, contract_symbol, futures_wallet, pair_symbol
from connectors.types import LedgerEntry, LedgerKind

# CONTRACT rows repeat the futures book; other types belong to no wallet that is read
WALLETS = {"MAIN": "main", "TRADE": "trade", "TRADE_HF": "trade", "MARGIN_V2": "margin_cross",
           "ISOLATED_V2": "margin_isolated"}  # fmt: skip
KINDS: dict[LedgerKind, tuple[str, ...]] = {
    LedgerKind.DEPOSIT: ("deposit", "buycrypto"),
    LedgerKind.WITHDRAWAL: ("withdraw", "withdrawal", "sellcrypto"),
    LedgerKind.TRANSFER_IN: ("transfer", "subtransfer", "subaccounttransfer", "brokertransfer"),
    LedgerKind.TRADE: ("tradeexchange", "exchange", "marginexchange", "margintrade", "isolatedexchange"),
    LedgerKind.CONVERSION: ("instantexchange", "converttokcs"),
    LedgerKind.BONUS: ("kucoinbonus", "referralbonus"),
    LedgerKind.REWARD: (
        "rewards", "otherrewards", "distribution", "stakingprofits", "softstakingprofits", "votingearnings",
        "lockdropvesting",
    ),
    LedgerKind.AIRDROP: ("airdropfork",),
    LedgerKind.REBATE: ("feerebate", "rebate", "refundedfees", "returnedfees"),
    LedgerKind.FEE: ("kcspayfees", "deductionfees"),
    LedgerKind.LIQUIDATION_FEE: ("liquidationfees",),
    LedgerKind.INTEREST: ("interest",),
}  # fmt: skip
KIND_OF = {word: kind for kind, words in KINDS.items() for word in words}
FUTURES_KINDS = {
    "realisedpnl": LedgerKind.REALIZED_PNL,
    "deposit": LedgerKind.DEPOSIT,
    "withdrawal": LedgerKind.WITHDRAWAL,
    "transferin": LedgerKind.TRANSFER_IN,
    "transferout": LedgerKind.TRANSFER_OUT,
}
LEAVES = (LedgerKind.WITHDRAWAL, LedgerKind.TRANSFER_OUT)
STATUS = {"SUCCESS": "ok", "FAILURE": "failed"}


@dataclass(frozen=True, slots=True)
class Line:
    """An entry with what the shared type does not hold."""

    entry: LedgerEntry
    more: Mapping[str, Any] = field(default_factory=dict)


def account_rows(answer: Answer) -> Reading:
    """Read a page of the book of all accounts, newest first, as far as it tells of main and trade wallet."""
    body = record(data(answer))
    page, last = int(number(body["currentPage"])), int(number(body["totalPage"]))
    items = rows(body["items"])
    wanted = (row for row in items if WALLETS.get(text(row["accountType"])) in ("main", "trade"))
    following = {**answer.params, "currentPage": str(page + 1)} if items and page < last else None
    return _reading((line for row in wanted for line in _row(row, "ledger")), following)


def high_frequency_rows(answer: Answer) -> Reading:
    """Read a page of the trade wallet's high-frequency book; the next page lies below the last id."""
    return _by_last_id(answer, "hf")


def margin_rows(answer: Answer) -> Reading:
    """Read a page of the margin book, cross and isolated."""
    return _by_last_id(answer, "margin")


def futures_rows(answer: Answer) -> Reading:
    """Read a page of the futures book: results come by contract and settlement period, the running one is pending.

    A result holds realised P&L, commissions and funding together.
    """
    body = record(data(answer))
    items = rows(body["dataList"])
    lines = [_futures_row(row, answer) for row in items]
    offsets = [int(number(row["offset"])) for row in items]
    smallest = min((offset for offset in offsets if offset > 0), default=min(offsets, default=0))
    return _reading(lines, {**answer.params, "offset": str(smallest)} if items and flag(body["hasMore"]) else None)


def funding(answer: Answer) -> Reading:
    """Read a page of what funding paid on one contract; these amounts are inside the results of the futures book."""
    body = record(data(answer))
    items = rows(body["dataList"])
    found = [
        {
            "venue_symbol": text(row["symbol"]),
            "time_ms": milliseconds(row["timePoint"]),
            "asset": coin(row["settleCurrency"]),
            "amount": number(row["funding"]),
        }
        for row in items
    ]
    following = {**answer.params, "offset": text(items[-1]["id"])} if items and flag(body["hasMore"]) else None
    return Reading(extra={"funding": found}, next=following)


def deposits(answer: Answer) -> Reading:
    """Read a page of deposits: they name the transaction, the books tell what reached a wallet."""
    return _records(answer, LedgerKind.DEPOSIT)


def withdrawals(answer: Answer) -> Reading:
    """Read a page of withdrawals; the fee leaves on top of the amount."""
    return _records(answer, LedgerKind.WITHDRAWAL)


def counted(reading: Reading) -> list[LedgerEntry]:
    """Return the entries that have happened for good: no pending result, no failed record."""
    entries = list(reading.ledger or ())
    more = reading.details.get("ledger") or [{}] * len(entries)
    return [entry for entry, extra in zip(entries, more, strict=True) if extra.get("status", "ok") == "ok"]


def split_funding(entry: LedgerEntry, paid: Decimal) -> list[LedgerEntry]:
    """Return a result as what funding paid in it and the rest; together they are the row's amount."""
    parts = [replace(entry, dedupe_key=f"{entry.dedupe_key}:funding", kind=LedgerKind.FUNDING, amount=paid)]
    rest = replace(entry, amount=entry.amount - paid)
    return [rest, *parts] if rest.amount else parts


def _by_last_id(answer: Answer, book: str) -> Reading:
    items = rows(data(answer))
    full = len(items) >= int(answer.params.get("limit", 100))
    following = {**answer.params, "lastId": text(items[-1]["id"])} if items and full else None
    known = (row for row in items if text(row["accountType"]) in WALLETS)
    return _reading((line for row in known for line in _row(row, book)), following)


def _reading(lines: Iterable[Line], following: Mapping[str, Any] | None) -> Reading:
    found = list(lines)
    return Reading(
        ledger=[line.entry for line in found], details={"ledger": [line.more for line in found]}, next=following
    )


def _row(row: Mapping[str, Any], book: str) -> list[Line]:
    native, venue_type = text(row["id"]), text(row["bizType"])
    enters = {"in": True, "out": False}[text(row["direction"])]
    amount, fee = natural(row["amount"]), natural(row["fee"])
    kind = KIND_OF.get("".join(letter for letter in venue_type.lower() if letter.isalnum()), LedgerKind.OTHER)
    moves = kind is LedgerKind.TRANSFER_IN
    if moves and not enters:
        kind = LedgerKind.TRANSFER_OUT
    outside = kind in (LedgerKind.DEPOSIT, LedgerKind.WITHDRAWAL)
    venue_symbol = text_or_none(_context(row).get("symbol"))
    entry = LedgerEntry(
        id=native,
        dedupe_key=f"{book}:{native}",
        kind=kind,
        wallet=WALLETS[text(row["accountType"])],
        asset=coin(row["currency"]),
        amount=(amount if enters else -amount) + fee,
        booked_at=instant(row["createdAt"]),
        symbol=pair_symbol(venue_symbol) if isinstance(venue_symbol, str) else None,
        venue_symbol=venue_symbol if isinstance(venue_symbol, str) and venue_symbol else None,
        venue_type=venue_type,
        internal=False if outside else True if moves else None,
    )
    paid = replace(entry, dedupe_key=f"{book}:{native}:fee", kind=LedgerKind.FEE, amount=-fee)
    return [Line(one) for one in (entry, paid) if one.amount or one is entry and not fee]


def _context(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a row says about its cause; documentation shows some in quotes that are no JSON."""
    told = text_or_none(row["context"])
    try:
        found = loads(told) if told else {}
    except JsonError:
        return {}
    return found if isinstance(found, dict) else {}


def _futures_row(row: Mapping[str, Any], answer: Answer) -> Line:
    venue_type, offset, currency = text(row["type"]), text(row["offset"]), coin(row["currency"])
    kind = FUTURES_KINDS.get(venue_type.lower(), LedgerKind.OTHER)
    amount = number(row["amount"])
    if kind in FUTURES_KINDS.values() and kind is not LedgerKind.REALIZED_PNL:
        amount = -abs(amount) if kind in LEAVES else abs(amount)
    name = text(row["remark"]) if kind is LedgerKind.REALIZED_PNL else None
    contract = answer.context.get("contracts", {}).get(name)
    entry = LedgerEntry(
        id=offset,
        dedupe_key=f"futures:{currency}:{offset}",
        kind=kind,
        wallet=futures_wallet(currency),
        asset=currency,
        amount=amount,
        booked_at=instant(row["time"]),
        symbol=contract_symbol(contract) if contract else None,
        venue_symbol=name,
        venue_type=venue_type,
        internal=True if kind in (LedgerKind.TRANSFER_IN, LedgerKind.TRANSFER_OUT) else None,
    )
    status = "ok" if text(row["status"]) == "Completed" else "pending"
    return Line(entry, {"status": status, "fee_inside": number_or_none(row["fee"])})


def _records(answer: Answer, kind: LedgerKind) -> Reading:
    body = record(data(answer))
    page, last = int(number(body["currentPage"])), int(number(body["totalPage"]))
    items = rows(body["items"])
    following = {**answer.params, "currentPage": str(page + 1)} if items and page < last else None
    return _reading([_record(row, kind) for row in items], following)


def _record(row: Mapping[str, Any], kind: LedgerKind) -> Line:
    """Return a record; deposits have no id but their transaction, which may carry the address behind an @."""
    txid = (text_or_none(row["walletTxId"]) or "").partition("@")[0] or None
    amount, currency, at = natural(row["amount"]), coin(row["currency"]), instant(row["createdAt"])
    native = text(text_or_none(row.get("id")) or txid or f"{milliseconds(row['createdAt'])}:{currency}:{amount}")
    entry = LedgerEntry(
        id=native,
        dedupe_key=f"{kind.value}:{native}",
        kind=kind,
        wallet="main",
        asset=currency,
        amount=-amount if kind is LedgerKind.WITHDRAWAL else amount,
        booked_at=at,
        txid=txid,
        internal=False,
    )
    status = STATUS.get(text(row["status"]), "pending")
    return Line(entry, {"status": status, "fee": natural(row["fee"])})
