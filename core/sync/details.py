"""What a reading keeps for the books: the amounts of every wallet net of debt, and what was open; pure."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from connectors.types import Balance, Position, WalletAccount, WalletKind
from core.domain.points import HeldAsset, OpenLeg, WalletPoint
from core.domain.valuation import PriceOf, equity_amount, face_value

WITH_POSITIONS = frozenset(
    {WalletKind.UNIFIED, WalletKind.FUTURES_LINEAR, WalletKind.FUTURES_INVERSE, WalletKind.OPTIONS, WalletKind.MARGIN}
)


def wallet_point(wallet: WalletAccount, positions: Sequence[Position] | None, price_of: PriceOf) -> WalletPoint:
    """Return one wallet as it is kept; without its positions (None: not read) it does not count as read.

    Its value in the book is its value in the state: open P&L that the exchange counts into a balance and shows in no
    position is a leg without a symbol.
    """
    if not wallet.ok or (positions is None and wallet.kind in WITH_POSITIONS):
        return WalletPoint(wallet.wallet, False)
    own = [position for position in positions or () if position.wallet == wallet.wallet]
    held = [b for b in wallet.balances if b.total or b.debt]
    assets = tuple(HeldAsset(b.asset, b.total - b.debt, price_of(b.asset)) for b in held)
    rest = [leg for balance in wallet.balances if (leg := _rest(balance, own, price_of)) is not None]
    settled = {balance.asset for balance in wallet.balances}
    legs = [_leg(position, price_of, counts=position.settle_asset in settled) for position in own]
    return WalletPoint(wallet.wallet, True, assets, (*_with_margin(wallet, legs, price_of), *rest))


def _rest(balance: Balance, positions: Sequence[Position], price_of: PriceOf) -> OpenLeg | None:
    """Return the open P&L in a balance's equity that is in none of the positions settled in its asset."""
    shown = sum((p.unrealized_pnl or Decimal(0) for p in positions if p.settle_asset == balance.asset), Decimal(0))
    rest = equity_amount(balance, positions) - (balance.total - balance.debt) - shown
    return OpenLeg("", "long", balance.asset, upnl=rest, settle_price=price_of(balance.asset)) if rest else None


def _leg(position: Position, price_of: PriceOf, *, counts: bool) -> OpenLeg:
    """Return a position as it is kept; open P&L in an asset that the wallet does not list is in no figure."""
    return OpenLeg(
        symbol=position.symbol,
        side=position.side.value,
        settle=position.settle_asset,
        inverse=position.inverse,
        qty=(face_value(position) or Decimal(0)) if position.inverse else position.size_base,
        upnl=position.unrealized_pnl if counts else None,
        settle_price=price_of(position.settle_asset),
        mark=position.mark_price,
        entry=position.entry_price,
        liq=position.liquidation_price,
        leverage=position.leverage,
    )


def _with_margin(wallet: WalletAccount, legs: Sequence[OpenLeg], price_of: PriceOf) -> Sequence[OpenLeg]:
    """Put the wallet's maintenance margin, where the exchange tells it, on the first leg, in that leg's asset."""
    margin = wallet.maintenance_margin
    if margin is None or not legs:
        return legs
    first, *others = legs
    price = price_of(wallet.currency or first.settle)
    if price is None or not first.settle_price:
        return legs
    own = margin if wallet.currency in (None, first.settle) else margin * price / first.settle_price
    return (replace(first, mm=own), *(replace(leg, mm=Decimal(0)) for leg in others))
