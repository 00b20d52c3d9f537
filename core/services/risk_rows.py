"""Rows of the Positions & risk page: each position with its ratios and, where one has no meaning, the reason."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from core.domain.types import ExchangeAccount, OpenPosition, WalletState
from core.services.risk_funding import Pair, legs_by_pair, pair_of
from core.services.risk_types import (
    FundingSum,
    MarginRow,
    Reason,
    RiskRow,
    SharedFunding,
    SymbolExposure,
    Unpriced,
)

OWN_RATIO_ONLY = frozenset({"unified", "margin"})
ISOLATED = "isolated"
Found = Mapping[str, Any]


def has_weight(position: OpenPosition) -> bool:
    """Tell whether the engine counts a position: it has a size, an inverse one a face value."""
    return bool(position.size_base) and not (position.inverse and position.notional_usd is None)


def wallet_key(account_id: UUID, wallet: str) -> str:
    """Return a wallet as the book names it."""
    return f"{account_id}/{wallet}"


def order_of(position: OpenPosition) -> tuple[str, str, str]:
    """Return by what the engine orders positions."""
    return wallet_key(position.account_id, position.wallet), position.symbol, position.side


def risk_rows(
    positions: Sequence[OpenPosition],
    computed: Sequence[Found],
    accounts: Mapping[UUID, ExchangeAccount],
    wallets: Sequence[WalletState],
    funding: Mapping[Pair, FundingSum],
) -> tuple[RiskRow, ...]:
    """Return the open positions, the largest notional first; `computed` is what the engine made of those with weight.

    Funding of legs that the ledger does not tell apart is on none of them: see `shared_funding`.
    """
    carried = {(wallet.account_id, wallet.wallet) for wallet in wallets if not wallet.ok}
    weighty = sorted(filter(has_weight, positions), key=order_of)
    by_position = {id(position): found for position, found in zip(weighty, computed, strict=True)}
    apart = {key: is_apart(legs) for key, legs in legs_by_pair(positions).items()}
    rows = []
    for position in (position for position in positions if position.size_base):
        found = by_position.get(id(position), {})
        distance, distance_reason = distance_of(position, found.get("distance"))
        roe, roe_reason = roe_of(position)
        key = pair_of(position)
        rows.append(
            RiskRow(
                position=position,
                account=accounts[position.account_id].name,
                exchange=accounts[position.account_id].exchange,
                testnet=accounts[position.account_id].testnet,
                notional=found.get("notional"),
                upnl=found.get("upnl"),
                roe=roe,
                distance=distance,
                funding=funding[key] if apart[key] else _not_apart(funding[key]),
                carried=(position.account_id, position.wallet) in carried,
                notional_reason=None if found.get("notional") is not None else _unvalued(position),
                upnl_reason=None if found.get("upnl") is not None else _no_pnl(position),
                roe_reason=roe_reason,
                distance_reason=distance_reason,
            )
        )
    return tuple(sorted(rows, key=lambda row: (-(row.notional or 0.0), row.position.symbol, row.account)))


def distance_of(position: OpenPosition, computed: float | None) -> tuple[float | None, Reason | None]:
    """Return how far the mark may move before liquidation, as a ratio of the mark.

    In hedge mode an exchange gives both legs the account's one price, which lies on the winning side of one of them:
    that leg is not the one in danger, and has no distance of its own.
    """
    if not position.liquidation_price or position.liquidation_price <= 0:
        return None, Reason.NO_LIQUIDATION
    if computed is None:
        return None, Reason.NO_MARK if position.mark_price is None else Reason.NO_PRICE
    if computed < 0 and position.hedged:
        return None, Reason.OTHER_SIDE
    return computed, None


def roe_of(position: OpenPosition) -> tuple[float | None, Reason | None]:
    """Return unrealised P&L over the margin at entry (notional at entry / leverage), both in the settle asset."""
    if position.unrealized_pnl is None:
        return None, Reason.NO_PNL
    if not position.entry_price or position.entry_price <= 0:
        return None, Reason.NO_ENTRY
    if not position.leverage or position.leverage <= 0:
        return None, Reason.NO_LEVERAGE
    entry = float(position.entry_price)
    if position.inverse:
        if position.notional_usd is None:
            return None, Reason.NO_MARK
        at_entry = position.notional_usd / entry
    else:
        quote = position.symbol.partition("/")[2].partition(":")[0]
        if quote != position.settle_asset:
            return None, Reason.QUANTO
        at_entry = float(position.size_base) * entry
    return float(position.unrealized_pnl) * float(position.leverage) / at_entry, None


def shared_funding(
    positions: Sequence[OpenPosition], accounts: Mapping[UUID, ExchangeAccount], funding: Mapping[Pair, FundingSum]
) -> tuple[SharedFunding, ...]:
    """Return the funding of pairs whose legs the ledger does not tell apart, once for all legs.

    It is what the pair paid since the first of its open legs was opened: a leg that was closed meanwhile is in it.
    """
    found = [
        SharedFunding(accounts[key[0]].name, key[2], funding[key])
        for key, legs in legs_by_pair(positions).items()
        if not is_apart(legs) and funding[key].reason is not Reason.NO_FUNDING
    ]
    return tuple(sorted(found, key=lambda one: (one.account, one.symbol)))


def is_apart(legs: Sequence[OpenPosition]) -> bool:
    """Tell whether a pair's ledger rows are of one position: in hedge mode another leg is open, or may have been."""
    return len(legs) == 1 and not legs[0].hedged


def symbol_rows(computed: Iterable[Found]) -> tuple[SymbolExposure, ...]:
    """Return the exposure by pair, the largest gross first; pairs whose positions have no value are left out."""
    rows = [SymbolExposure(**found) for found in computed if found["gross"]]
    return tuple(sorted(rows, key=lambda row: (-row.gross, row.symbol)))


def margin_rows(
    wallets: Sequence[WalletState],
    computed: Iterable[Found],
    positions: Sequence[OpenPosition],
    accounts: Mapping[UUID, ExchangeAccount],
) -> tuple[MarginRow, ...]:
    """Return the margin of each wallet with positions, the nearest to liquidation first, unknown ones last."""
    found = {one["wallet"]: one for one in computed}
    rows = []
    for wallet in wallets:
        mine = found.get(wallet_key(wallet.account_id, wallet.wallet))
        if mine is None:
            continue
        legs = [p for p in positions if (p.account_id, p.wallet) == (wallet.account_id, wallet.wallet)]
        ratio, own, reason = _ratio(wallet, mine["margin_ratio"], legs)
        balance = mine["margin_balance"]
        rows.append(
            MarginRow(
                account=accounts[wallet.account_id].name,
                exchange=accounts[wallet.account_id].exchange,
                wallet=wallet.wallet,
                kind=wallet.kind,
                balance=balance if balance == balance else None,
                ratio=ratio,
                own=own,
                reason=reason,
                as_of=wallet.as_of,
                carried=not wallet.ok,
            )
        )
    return tuple(sorted(rows, key=lambda row: (row.ratio is None, -(row.ratio or 0.0), row.account, row.wallet)))


def _ratio(
    wallet: WalletState, computed: float | None, legs: Sequence[OpenPosition]
) -> tuple[float | None, bool, Reason | None]:
    """Return the margin ratio, whether it is the exchange's own, and why there is none.

    Where collateral is weighed (unified, margin) only the exchange can tell; isolated legs have margins of their own.
    """
    if wallet.margin_ratio is not None:
        return wallet.margin_ratio, True, None
    if wallet.kind in OWN_RATIO_ONLY:
        return None, False, Reason.OWN_ONLY
    if any(leg.margin_mode == ISOLATED for leg in legs):
        return None, False, Reason.ISOLATED
    if wallet.maintenance_margin is None:
        return None, False, Reason.NO_MARGIN
    return computed, False, Reason.NO_BALANCE if computed is None else None


def unpriced_rows(
    wallets: Sequence[WalletState],
    amounts: Mapping[tuple[UUID, str, str], Any],
    accounts: Mapping[UUID, ExchangeAccount],
) -> tuple[Unpriced, ...]:
    """Return what is held without a price; `amounts` are net of debt by account, wallet and asset."""
    return tuple(
        Unpriced(
            accounts[wallet.account_id].name,
            wallet.wallet,
            asset,
            amounts.get((wallet.account_id, wallet.wallet, asset)),
        )
        for wallet in wallets
        for asset in wallet.unpriced
    )


def _not_apart(funding: FundingSum) -> FundingSum:
    if funding.reason is Reason.NO_FUNDING:
        return funding
    return FundingSum(None, None, funding.asset, funding.since, funding.basis, funding.read_to, Reason.BOTH_LEGS)


def _unvalued(position: OpenPosition) -> Reason:
    if position.mark_price is None:
        return Reason.NO_MARK
    return Reason.NO_PRICE if position.notional_usd is None else Reason.NO_RATE


def _no_pnl(position: OpenPosition) -> Reason:
    if position.unrealized_pnl is None:
        return Reason.NO_PNL
    return Reason.NO_PRICE if position.unrealized_usd is None else Reason.NO_RATE
