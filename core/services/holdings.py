"""Balances, allocation and positions as rows for tables and exports, from the latest stored state."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from uuid import UUID

from core.domain.types import ExchangeAccount, HeldBalance, OpenPosition, WalletState
from core.services.overview_types import Allocation, BalanceRow, PositionRow


def balance_rows(
    balances: Sequence[HeldBalance], accounts: Mapping[UUID, ExchangeAccount], wallets: Sequence[WalletState]
) -> tuple[BalanceRow, ...]:
    """Return one row per account, wallet and asset, the largest value first, unpriced ones last."""
    carried = _carried(wallets)
    rows = [
        BalanceRow(
            account_id=row.account_id,
            account=accounts[row.account_id].name,
            exchange=accounts[row.account_id].exchange,
            wallet=row.wallet,
            kind=row.kind,
            asset=row.asset,
            free=row.free,
            locked=row.locked,
            total=row.total,
            debt=row.debt,
            price=row.price,
            value=row.value,
            as_of=row.as_of,
            carried=(row.account_id, row.wallet) in carried,
        )
        for row in balances
        if row.total or row.debt
    ]
    return tuple(sorted(rows, key=lambda row: (row.value is None, -(row.value or 0.0), row.asset, row.account)))


def allocation(balances: Sequence[HeldBalance]) -> tuple[Allocation, ...]:
    """Return the assets over all wallets, the largest value first; shares are of the positive priced total."""
    amounts: dict[str, Decimal] = {}
    values: dict[str, float | None] = {}
    for row in balances:
        if not (row.total or row.debt):
            continue
        amounts[row.asset] = amounts.get(row.asset, Decimal(0)) + row.total - row.debt
        known = values.get(row.asset, 0.0)
        values[row.asset] = None if row.value is None or known is None else known + row.value
    whole = sum(value for value in values.values() if value is not None and value > 0)
    rows = [
        Allocation(asset, amounts[asset], value, value / whole if value is not None and whole > 0 else None)
        for asset, value in values.items()
        if amounts[asset]
    ]
    return tuple(sorted(rows, key=lambda row: (row.value is None, -(row.value or 0.0), row.asset)))


def position_rows(
    positions: Sequence[OpenPosition], accounts: Mapping[UUID, ExchangeAccount], wallets: Sequence[WalletState]
) -> tuple[PositionRow, ...]:
    """Return the open positions, the largest notional first, with their distance to liquidation."""
    carried = _carried(wallets)
    rows = [
        PositionRow(
            position=position,
            account=accounts[position.account_id].name,
            exchange=accounts[position.account_id].exchange,
            distance=liquidation_distance(position),
            carried=(position.account_id, position.wallet) in carried,
            pnl=position.unrealized_usd,
        )
        for position in positions
    ]
    return tuple(sorted(rows, key=lambda row: (-(row.position.notional_usd or 0.0), row.position.symbol, row.account)))


def liquidation_distance(position: OpenPosition) -> float | None:
    """Return how far the mark may move before liquidation, as a ratio of the mark; None where none is given."""
    mark, liquidation = position.mark_price, position.liquidation_price
    if mark is None or mark <= 0 or liquidation is None or liquidation <= 0:
        return None
    distance = (mark - liquidation) / mark
    return float(distance if position.side == "long" else -distance)


def _carried(wallets: Sequence[WalletState]) -> set[tuple[UUID, str]]:
    return {(wallet.account_id, wallet.wallet) for wallet in wallets if not wallet.ok}
