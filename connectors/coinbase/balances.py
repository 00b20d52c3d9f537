"""Parsers of Coinbase's wallets. `hold` lies beside `available_balance`, not in it; zero rows are dropped."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from connectors._parse import ZERO, flag, number, ratio, record, rows, text
from connectors._reading import Answer, Reading
from connectors.coinbase.positions import breakdown_positions
from connectors.coinbase.wire import currency, moment, money, money_or_none, next_uri
from connectors.types import Balance

FUTURES_PLATFORM, PERPETUALS_PLATFORM = "ACCOUNT_PLATFORM_CFM_CONSUMER", "ACCOUNT_PLATFORM_INTX"
APART_TYPES = ("vault", "ACCOUNT_TYPE_VAULT")
PERPETUALS = "ACCOUNT_TYPE_PERP_FUTURES"
NOT_READ = "perpetuals_are_not_read"


def accounts(answer: Answer) -> Reading:
    """Read a page of the key's portfolio, without what is counted in the derivatives wallet or the vault."""
    body = record(answer.payload)
    found: list[Balance] = []
    excluded: list[dict[str, object]] = []
    ids: list[str] = []
    for row in rows(body["accounts"]):
        balance = _spot(row, answer)
        reason = _counted_elsewhere(row)
        if reason is None:
            ids.append(text(row["uuid"]))
            found += [balance] if balance.total else []
        elif balance.total:
            excluded.append({"asset": balance.asset, "total": balance.total, "reason": reason})
    following = {**answer.params, "cursor": text(body["cursor"])} if flag(body.get("has_next", False)) else None
    return Reading(balances=found, next=following, extra={"excluded": excluded, "account_ids": ids})


def app_accounts(answer: Answer) -> Reading:
    """Read a page of the wallets of the Coinbase App; only vaults and staked coins are told as balances."""
    body = record(answer.payload)
    found: list[Balance] = []
    wallets: list[dict[str, object]] = []
    for row in rows(body["data"]):
        apart = is_apart(row)
        changed = row.get("updated_at")
        wallet: dict[str, object] = {
            "id": text(row["id"]),
            "wallet": "vault" if apart else "spot",
            "updated_at": moment(changed) if changed else None,
        }
        wallets.append(wallet)
        holding = record(row["balance"])
        amount, asset = number(holding["amount"]), currency(holding["currency"])
        if apart and amount:
            found.append(Balance("vault", asset, ZERO, amount, amount, as_of=answer.as_of))
    return Reading(balances=found, next=next_uri(answer, body), extra={"accounts": wallets})


def is_apart(row: Mapping[str, Any]) -> bool:
    """Tell vaults and staked coins, which stand beside the ordinary wallets, in v2 and v3 lists alike."""
    return row.get("type") in APART_TYPES or str(row.get("name") or "").startswith("Staked ")


def cfm_summary(answer: Answer) -> Reading:
    """Read the US derivatives wallet; without an account there the summary is null.

    `total_usd_balance` is not read: it holds the dollars of the spot wallet once more.
    """
    summary = record(answer.payload)["balance_summary"]
    if summary is None:
        return Reading(balances=[], extra={"account": None})
    body = record(summary)
    cash, profit = money(body["cfm_usd_balance"]), money(body["unrealized_pnl"])
    account = {
        "wallet": "cfm",
        "wallet_balance_usd": cash,
        "unrealized_pnl_usd": profit,
        "equity_usd": cash + profit,
        "initial_margin_usd": money_or_none(body.get("initial_margin")),
        "daily_realized_pnl_usd": money_or_none(body.get("daily_realized_pnl")),
    }
    held = Balance(
        wallet="cfm",
        asset="USD",
        free=money_or_none(body.get("available_margin")),
        locked=None,
        total=cash,
        equity=cash + profit,
        unrealized_pnl=profit,
        as_of=answer.as_of,
    )
    return Reading(balances=[held] if held.total or held.equity else [], extra={"account": account})


def breakdown(answer: Answer) -> Reading:
    """Read a portfolio valued in USD: a cross-check of the other reads."""
    body = record(record(answer.payload)["breakdown"])
    sums = record(body["portfolio_balances"])
    account = {
        "wallet": "portfolio",
        "equity_usd": money(sums["total_balance"]),
        "futures_balance_usd": money(sums["total_futures_balance"]),
        "cash_usd": money(sums["total_cash_equivalent_balance"]),
        "crypto_usd": money(sums["total_crypto_balance"]),
        "unrealized_pnl_usd": money(sums["futures_unrealized_pnl"]) + money(sums["perp_unrealized_pnl"]),
    }
    held = [(row, _valued(row, answer)) for row in rows(body["spot_positions"])]
    kept = [(row, balance) for row, balance in held if balance.total]
    return Reading(
        balances=[balance for _row, balance in kept],
        positions=breakdown_positions(rows(body["futures_positions"]), answer),
        details={"balances": [{"usd_value": number(row["total_balance_fiat"])} for row, _balance in kept]},
        extra={"account": account},
    )


def _spot(row: Mapping[str, Any], answer: Answer) -> Balance:
    free, held = money(row["available_balance"]), money(row["hold"])
    return Balance("spot", text(row["currency"]), free, held, free + held, as_of=answer.as_of)


def _counted_elsewhere(row: Mapping[str, Any]) -> str | None:
    platform = text(row["platform"]) if "platform" in row else None
    if platform == PERPETUALS_PLATFORM or row.get("type") == PERPETUALS:
        return NOT_READ
    if platform == FUTURES_PLATFORM:
        return "counted_in_derivatives_wallet"
    return "counted_in_vault" if is_apart(row) else None


def _valued(row: Mapping[str, Any], answer: Answer) -> Balance:
    """Read a holding whose free part is told in dollars only."""
    whole, worth = number(row["total_balance_crypto"]), number(row["total_balance_fiat"])
    free: Decimal | None = ratio(whole * number(row["available_to_trade_fiat"]), worth) if worth else None
    locked = whole - free if free is not None else None
    return Balance("spot", text(row["asset"]), free, locked, whole, as_of=answer.as_of)
