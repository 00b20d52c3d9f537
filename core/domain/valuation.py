"""What one wallet is worth in USD, from its balances and positions and a table of prices; pure.

Amounts stay exact Decimals, values are float64. What has no price is listed and left out, never counted as zero.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from connectors.types import Balance, Position, WalletAccount
from core.domain.types import ExchangeAccount, HeldBalance, OpenPosition

PriceOf = Callable[[str], Decimal | None]


@dataclass(frozen=True, slots=True)
class ValuedWallet:
    """One good wallet in USD: `equity` holds the unrealised P&L too; `unpriced` assets are in neither figure.

    `maintenance_margin` is None where the exchange tells none, or in what has no price.
    """

    equity: float
    unrealized_pnl: float
    balances: tuple[HeldBalance, ...]
    positions: tuple[OpenPosition, ...]
    unpriced: tuple[str, ...]
    maintenance_margin: float | None = None


def value_wallet(
    account: ExchangeAccount,
    wallet: WalletAccount,
    positions: Sequence[Position],
    *,
    price_of: PriceOf,
    at: datetime,
) -> ValuedWallet:
    """Value a wallet and the positions that lie in it (those of other wallets are left aside)."""
    own = [position for position in positions if position.wallet == wallet.wallet]
    equity, unpriced = 0.0, set()
    for balance in wallet.balances:
        amount = equity_amount(balance, own)
        price = price_of(balance.asset)
        if price is not None:
            equity += float(amount * price)
        elif amount or balance.total or balance.debt:
            unpriced.add(balance.asset)
    opened = tuple(open_position(account, position, price_of=price_of, at=at) for position in own)
    unpriced |= {position.settle_asset for position in own if price_of(position.settle_asset) is None}
    margin, margin_price = wallet.maintenance_margin, price_of(wallet.currency) if wallet.currency else None
    return ValuedWallet(
        equity=equity,
        unrealized_pnl=_unrealized(wallet.balances, opened, price_of),
        balances=tuple(
            held_balance(account, wallet, balance, price_of=price_of, at=at)
            for balance in wallet.balances
            if balance.total or balance.debt or balance.equity
        ),
        positions=opened,
        unpriced=tuple(sorted(unpriced)),
        maintenance_margin=None if margin is None or margin_price is None else float(margin * margin_price),
    )


def equity_amount(balance: Balance, positions: Iterable[Position]) -> Decimal:
    """Return what a balance is worth in its own asset: with unrealised P&L once, less debt.

    An equity that the exchange gives is already that. Where it gives none, the cash gets its own unrealised P&L, else
    that of the wallet's positions settled in this asset.
    """
    if balance.equity is not None:
        return balance.equity
    if balance.unrealized_pnl is not None:
        return balance.total + balance.unrealized_pnl - balance.debt
    open_pnl = (p.unrealized_pnl or Decimal(0) for p in positions if p.settle_asset == balance.asset)
    return balance.total + sum(open_pnl, Decimal(0)) - balance.debt


def held_balance(
    account: ExchangeAccount, wallet: WalletAccount, balance: Balance, *, price_of: PriceOf, at: datetime
) -> HeldBalance:
    """Return a balance as it is stored; its value is that of total less debt."""
    price = price_of(balance.asset)
    return HeldBalance(
        account_id=account.id,
        client_id=account.user_id,
        wallet=wallet.wallet,
        kind=wallet.kind.value,
        asset=balance.asset,
        free=balance.free,
        locked=balance.locked,
        total=balance.total,
        debt=balance.debt,
        price=price,
        value=None if price is None else float((balance.total - balance.debt) * price),
        as_of=balance.as_of or wallet.as_of or at,
    )


def open_position(account: ExchangeAccount, position: Position, *, price_of: PriceOf, at: datetime) -> OpenPosition:
    """Return a position as it is stored; the notional of an inverse contract is its face value in USD."""
    settle = price_of(position.settle_asset)
    pnl, mark = position.unrealized_pnl, position.mark_price
    notional = None if mark is None or settle is None else float(position.size_base * mark * settle)
    if position.inverse:
        notional = None if (face := face_value(position)) is None else float(face)
    return OpenPosition(
        account_id=account.id,
        client_id=account.user_id,
        wallet=position.wallet,
        symbol=position.symbol,
        venue_symbol=position.venue_symbol,
        side=position.side.value,
        size_base=position.size_base,
        settle_asset=position.settle_asset,
        as_of=position.as_of or at,
        entry_price=position.entry_price,
        mark_price=mark,
        liquidation_price=position.liquidation_price,
        leverage=position.leverage,
        margin_mode=position.margin_mode,
        hedged=position.hedged,
        inverse=position.inverse,
        unrealized_pnl=pnl,
        unrealized_usd=None if pnl is None or settle is None else float(pnl * settle),
        notional_usd=notional,
        opened_at=position.opened_at,
    )


def face_value(position: Position) -> Decimal | None:
    """Return the face value of an inverse position in USD, exact where the exchange counts contracts of dollars."""
    if position.contracts is not None and position.contract_size is not None and position.contract_size_unit == "USD":
        return position.contracts * position.contract_size
    price = position.mark_price or position.entry_price
    return None if price is None else position.size_base * price


def _unrealized(balances: Sequence[Balance], positions: Sequence[OpenPosition], price_of: PriceOf) -> float:
    """Sum the open P&L by balances where the exchange gives it there, else by positions; never both."""
    by_asset = {balance.asset: balance.unrealized_pnl for balance in balances if balance.unrealized_pnl is not None}
    total = sum(float(pnl * price) for asset, pnl in by_asset.items() if (price := price_of(asset)) is not None)
    rest = (p.unrealized_usd for p in positions if p.settle_asset not in by_asset and p.unrealized_usd is not None)
    return float(total + sum(rest))
