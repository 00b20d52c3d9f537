"""Parsers of Coinbase's history: v2 transactions (signed changes of one wallet) and fills (their commissions)."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from connectors._parse import cursor, flag, natural, number, number_or_zero, ratio, record, rows, text
from connectors._reading import Answer, Reading
from connectors.coinbase.positions import contract_symbol, is_contract
from connectors.coinbase.wire import currency, moment, next_uri
from connectors.types import LedgerEntry, LedgerKind

WALLET, DERIVATIVES = "coinbase_app", "cfm"
DONE = "completed"
HIDDEN = "proof_token_required"
KINDS: dict[LedgerKind, tuple[str, ...]] = {
    LedgerKind.DEPOSIT: ("receive", "fiat_deposit"),
    LedgerKind.WITHDRAWAL: ("fiat_withdrawal",),
    LedgerKind.TRADE: ("buy", "sell", "trade", "advanced_trade_fill", "wrap_asset", "unwrap_asset"),
    LedgerKind.REWARD: ("staking_reward", "inflation_reward", "earn_payout", "incentives_payout"),
    LedgerKind.INTEREST: ("interest",),
    LedgerKind.SETTLEMENT: ("derivatives_settlement",),
}
TYPES = {name: kind for kind, names in KINDS.items() for name in names}
# by sign: what comes and what goes
MOVES: dict[tuple[LedgerKind, LedgerKind], tuple[str, ...]] = {
    (LedgerKind.DEPOSIT, LedgerKind.WITHDRAWAL): ("send",),
    (LedgerKind.REBATE, LedgerKind.FEE): ("subscription", "rebate"),
    (LedgerKind.TRANSFER_IN, LedgerKind.TRANSFER_OUT): (
        "transfer", "vault_withdrawal", "exchange_deposit", "exchange_withdrawal", "pro_deposit", "pro_withdrawal",
        "intx_deposit", "intx_withdrawal", "staking_transfer", "unstaking_transfer",
    ),
}  # fmt: skip
SIGNED = {name: kinds for kinds, names in MOVES.items() for name in names}
CROSSING = (LedgerKind.DEPOSIT, LedgerKind.WITHDRAWAL)
TRANSFERS = (LedgerKind.TRANSFER_IN, LedgerKind.TRANSFER_OUT)
REPEATING = ("exchange_", "pro_")


def transactions(answer: Answer) -> Reading:
    """Read a page of one wallet's completed changes, newest first, by the times that they began at.

    `oldest` is the time of the page's last row, `updated` tells by id when a row last changed.
    """
    body = record(answer.payload)
    items = rows(body["data"])
    found = [entry for row in items if text(row["status"]) == DONE for entry in _entries(row)]
    oldest = min((moment(row["created_at"]) for row in items), default=None)
    updated = {text(row["id"]): moment(row["updated_at"]) for row in items if row.get("updated_at")}
    return Reading(ledger=found, next=next_uri(answer, body), extra={"oldest": oldest, "updated": updated})


def fiat_flows(answer: Answer) -> Reading:
    """Read fiat deposits or withdrawals: the same events as in the transactions, by the same ids."""
    body, comes = record(answer.payload), answer.path.endswith("/deposits")
    kind = LedgerKind.DEPOSIT if comes else LedgerKind.WITHDRAWAL
    found = []
    for row in rows(body["data"]):
        if text(row["status"]) == DONE:
            amount, native = natural(record(row["amount"])["amount"]), text(record(row["transaction"])["id"])
            entry = LedgerEntry(
                id=native,
                dedupe_key=f"tx:{native}",
                kind=kind,
                wallet=WALLET,
                asset=currency(record(row["amount"])["currency"]),
                amount=amount if comes else -amount,
                booked_at=moment(row["created_at"]),
                internal=False,
            )
            found.append(entry)
    return Reading(ledger=found, next=next_uri(answer, body))


def fills(answer: Answer) -> Reading:
    """Read a page of fills and their commissions; the last page is empty although it has a cursor."""
    body = record(answer.payload)
    items = [_fill(row, answer) for row in rows(body["fills"])]
    mark = cursor(body["cursor"])
    extra: dict[str, object] = {"fills": items}
    if not items and body.get(HIDDEN) is not None and flag(body[HIDDEN]):
        extra["history_unavailable"] = HIDDEN
    following = {**answer.params, "cursor": mark} if items and mark else None
    return Reading(ledger=[_commission(item) for item in items if item["fee"]], next=following, extra=extra)


def counted_once(entries: Iterable[LedgerEntry]) -> list[LedgerEntry]:
    """Leave out sends that a move to or from Coinbase Exchange repeats with the same time and amount."""
    found = list(entries)
    moved = {
        (entry.wallet, entry.asset, entry.amount, entry.booked_at)
        for entry in found
        if (entry.venue_type or "").startswith(REPEATING)
    }
    return [
        entry
        for entry in found
        if entry.venue_type != "send" or (entry.wallet, entry.asset, entry.amount, entry.booked_at) not in moved
    ]


def both_sides(entry: LedgerEntry) -> list[LedgerEntry]:
    """Return a change of a wallet, and for a settlement the other side of it: its money is the derivatives wallet's."""
    if entry.kind is not LedgerKind.SETTLEMENT:
        return [entry]
    key = f"{entry.dedupe_key}:{DERIVATIVES}"
    return [entry, replace(entry, wallet=DERIVATIVES, dedupe_key=key, asset="USD", amount=-entry.amount)]


def _entries(row: Mapping[str, Any]) -> list[LedgerEntry]:
    """Return the change of a wallet; the network's fee inside a send becomes its own entry."""
    native, venue_type = text(row["id"]), text(row["type"])
    amount, asset = number(record(row["amount"])["amount"]), currency(record(row["amount"])["currency"])
    kind = _kind(venue_type, amount)
    network = row.get("network") or {}
    deal = row.get("advanced_trade_fill") or {}
    product = deal.get("product_id")
    entry = LedgerEntry(
        id=native,
        dedupe_key=f"tx:{native}",
        kind=kind,
        wallet=WALLET,
        asset=asset,
        amount=amount,
        booked_at=moment(row["created_at"]),
        symbol=text(product).replace("-", "/") if product else None,
        venue_symbol=text(product) if product else None,
        venue_type=venue_type,
        txid=text(network["hash"]) if network.get("hash") else None,
        internal=True if kind in TRANSFERS else False if kind in CROSSING else None,
    )
    fee = _network_fee(network, asset) if kind is LedgerKind.WITHDRAWAL else Decimal(0)
    if not fee or fee > -amount:
        return [entry]
    paid = replace(entry, dedupe_key=f"tx:{native}:fee", kind=LedgerKind.FEE, amount=-fee, txid=None, internal=None)
    return [replace(entry, amount=amount + fee), paid]


def _kind(venue_type: str, amount: Decimal) -> LedgerKind:
    if venue_type in SIGNED:
        comes, goes = SIGNED[venue_type]
        return goes if amount < 0 else comes
    if venue_type.startswith("incentives"):
        return LedgerKind.REWARD
    return TYPES.get(venue_type, LedgerKind.OTHER)


def _network_fee(network: Mapping[str, Any], asset: str) -> Decimal:
    fee = network.get("transaction_fee") or {}
    return abs(number_or_zero(fee["amount"])) if fee and currency(fee["currency"]) == asset else Decimal(0)


def _fill(row: Mapping[str, Any], answer: Answer) -> dict[str, Any]:
    product, price = text(row["product_id"]), natural(row["price"])
    contract = is_contract(product)
    pair = product.replace("-", "/")
    size = natural(row["size"])
    return {
        "symbol": (contract_symbol(product, answer.context.get("contract_coins") or {}) or product)
        if contract
        else pair,
        "venue_symbol": product,
        "side": text(row["side"]).lower(),
        "size": ratio(size, price) if flag(row["size_in_quote"]) else size,
        "price": price,
        "fee": number_or_zero(row["commission"]),
        "fee_asset": "USD" if contract else product.rpartition("-")[2],
        "time_ms": moment(row["trade_time"]),
        "id": text(row["entry_id"]),
    }


def _commission(fill: Mapping[str, Any]) -> LedgerEntry:
    return LedgerEntry(
        id=fill["id"],
        dedupe_key=f"fill:{fill['id']}",
        kind=LedgerKind.FEE if fill["fee"] > 0 else LedgerKind.REBATE,
        wallet="spot",
        asset=fill["fee_asset"],
        amount=-fill["fee"],
        booked_at=fill["time_ms"],
        symbol=fill["symbol"],
        venue_symbol=fill["venue_symbol"],
    )
