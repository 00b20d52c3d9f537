"""The book of the latest state: what every wallet held when it was last read well, as the P&L engine takes it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import pandas as pd

from core.domain.pnl import Book
from core.domain.points import DetailPoint, HeldAsset, OpenLeg, WalletPoint
from core.domain.types import ExchangeAccount, HeldBalance, OpenPosition, SyncState, WalletState
from core.services.books import make_book

USD = "USD"
NOISE_USD = 1e-6


def latest_book(
    accounts: Sequence[ExchangeAccount],
    wallets: Sequence[WalletState],
    balances: Sequence[HeldBalance],
    positions: Sequence[OpenPosition],
    *,
    states: Mapping[UUID, SyncState],
    time_zone: str,
    currency: str,
    tables: Mapping[str, pd.DataFrame] | None = None,
) -> Book:
    """Return the book of the latest state of these accounts; each wallet has one reading, its last good one.

    `tables` are the rates and prices of the currency (`core.services.rates.rate_tables`).
    """
    points: dict[UUID, list[DetailPoint]] = {account.id: [] for account in accounts}
    for wallet in wallets:
        if wallet.as_of is None or wallet.account_id not in points:
            continue
        place = (wallet.account_id, wallet.wallet)
        held = [row for row in balances if (row.account_id, row.wallet) == place and (row.total or row.debt)]
        opened = [row for row in positions if (row.account_id, row.wallet) == place]
        points[wallet.account_id].append(DetailPoint(wallet.as_of, (_wallet_point(wallet, held, opened),)))
    mine = [states[account.id] for account in accounts if account.id in states]
    return make_book(accounts, points, (), states=mine, time_zone=time_zone, currency=currency, tables=tables)


def _wallet_point(
    wallet: WalletState, balances: Sequence[HeldBalance], positions: Sequence[OpenPosition]
) -> WalletPoint:
    assets = tuple(HeldAsset(row.asset, row.total - row.debt, row.price) for row in balances)
    prices = {row.asset: row.price for row in balances if row.price is not None}
    legs = [_leg(position, prices) for position in positions]
    rest = _rest(wallet, assets, legs)
    return WalletPoint(wallet.wallet, True, assets, (*_with_margin(wallet, legs), *rest))


def _leg(position: OpenPosition, prices: Mapping[str, Decimal]) -> OpenLeg:
    face = Decimal(0) if position.notional_usd is None else Decimal(str(position.notional_usd))
    return OpenLeg(
        symbol=position.symbol,
        side=position.side,
        settle=position.settle_asset,
        inverse=position.inverse,
        qty=face if position.inverse else position.size_base,
        upnl=position.unrealized_pnl,
        settle_price=_settle_price(position, prices),
        mark=position.mark_price,
        entry=position.entry_price,
        liq=position.liquidation_price,
        leverage=position.leverage,
    )


def _settle_price(position: OpenPosition, prices: Mapping[str, Decimal]) -> Decimal | None:
    """Return the price that a position was valued at: the wallet's own, else the one that its values were made with."""
    if position.settle_asset in prices:
        return prices[position.settle_asset]
    pnl, usd = position.unrealized_pnl, position.unrealized_usd
    if pnl and usd is not None:
        return Decimal(str(usd)) / pnl
    size = position.size_base * (position.mark_price or 0)
    if size and position.notional_usd is not None and not position.inverse:
        return Decimal(str(position.notional_usd)) / size
    return None


def _with_margin(wallet: WalletState, legs: Sequence[OpenLeg]) -> Sequence[OpenLeg]:
    """Put the wallet's maintenance margin on its first leg, in that leg's asset."""
    if wallet.maintenance_margin is None or not legs or not legs[0].settle_price:
        return legs
    first, *others = legs
    own = Decimal(str(wallet.maintenance_margin)) / legs[0].settle_price
    return (replace(first, mm=own), *(replace(leg, mm=Decimal(0)) for leg in others))


def _rest(wallet: WalletState, assets: Sequence[HeldAsset], legs: Sequence[OpenLeg]) -> list[OpenLeg]:
    """Return what the wallet is worth beyond its amounts and positions, so that equity is that of the Overview."""
    if wallet.equity is None:
        return []
    known = sum(float(held.amount * held.price) for held in assets if held.price is not None)
    known += sum(float(leg.upnl * leg.settle_price) for leg in legs if leg.upnl is not None and leg.settle_price)
    rest = wallet.equity - known
    if abs(rest) <= NOISE_USD:
        return []
    return [OpenLeg("", "long", USD, upnl=Decimal(str(rest)), settle_price=Decimal(1))]


def oldest_reading(wallets: Sequence[WalletState]) -> datetime | None:
    """Return when the wallet that was read longest ago was read."""
    return min((wallet.as_of for wallet in wallets if wallet.as_of is not None), default=None)
