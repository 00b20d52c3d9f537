"""Parsers of Kraken's holdings. What earns is in the balance already, under codes with a suffix: never added again."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from connectors._parse import ZERO, natural, number, number_or_none, number_or_zero, record, rows, text, total
from connectors._reading import Answer, Reading
from connectors.kraken.assets import FEE_CREDIT, asset_of, wallet_of
from connectors.kraken.public import result
from connectors.types import Balance


def balance(answer: Answer) -> Reading:
    """Read totals by asset code; what is held in orders is not told."""
    return _reading({code: (natural(amount), ZERO, ZERO) for code, amount in record(result(answer)).items()}, answer)


def balance_extended(answer: Answer) -> Reading:
    """Read totals, what open orders hold and what is used of a credit line, by asset code."""
    found = {code: record(row) for code, row in record(result(answer)).items()}
    amounts = {
        code: (
            number(row["balance"]),
            number_or_zero(row["hold_trade"]),
            number_or_none(row.get("credit_used")) or ZERO,
        )
        for code, row in found.items()
    }
    return _reading(amounts, answer)


def trade_balance(answer: Answer) -> Reading:
    """Read margin trading: only the open P&L `n` is money that no other read tells."""
    body = record(result(answer))
    profit, asset = number(body["n"]), str(answer.params.get("asset", "ZUSD"))
    margin = {
        "asset": asset,
        "unrealized_pnl": profit,
        "equity": number(body["e"]),
        "used_margin": number_or_none(body.get("m")),
        "free_margin": number_or_none(body.get("mf")),
    }
    held = Balance(
        "margin", asset_of(asset), None, None, ZERO, equity=profit, unrealized_pnl=profit, as_of=answer.as_of
    )
    return Reading(balances=[held] if profit else [], extra={"margin": margin})


def earn_allocations(answer: Answer) -> Reading:
    """Read how much of the balance earns: information only, the same money is in the balance."""
    found: list[Mapping[str, Any]] = []
    for row in rows(record(result(answer))["items"]):
        parts = record(row["amount_allocated"])
        locked = total(
            natural(record(parts[name])["native"]) for name in ("bonding", "unbonding") if parts.get(name) is not None
        )
        amount = natural(record(parts["total"])["native"])
        found.append({"asset": asset_of(text(row["native_asset"])), "amount": amount, "locked": locked})
    return Reading(extra={"earn": found, "add_to_balances": False})


def _reading(found: Mapping[str, tuple[Decimal, Decimal, Decimal]], answer: Answer) -> Reading:
    kept = {code: amounts for code, amounts in found.items() if any(amounts) and code != FEE_CREDIT}
    return Reading(
        balances=[_balance(code, amounts, answer) for code, amounts in kept.items()],
        details={"balances": [{"venue_asset": code} for code in kept]},
    )


def _balance(code: str, amounts: tuple[Decimal, Decimal, Decimal], answer: Answer) -> Balance:
    """Return a holding. What is used of a credit line is owed, and lies beside the balance."""
    wallet, (whole, held, debt) = wallet_of(code), amounts
    locked = held if wallet == "spot" else whole
    return Balance(wallet, asset_of(code), whole - locked, locked, whole, debt, as_of=answer.as_of)
