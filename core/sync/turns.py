"""Wallets that are not read in every slot: between two readings they are as they were last read; pure."""

from collections.abc import Collection, Sequence
from decimal import Decimal

from connectors.types import AccountInfo, Balance, Position, WalletAccount, WalletKind
from core.domain.types import OpenPosition, WalletState
from core.sync.ingest import Stored
from core.sync.sizes import size_changes

DERIVATIVES = frozenset({WalletKind.FUTURES_LINEAR, WalletKind.FUTURES_INVERSE, WalletKind.UNIFIED, WalletKind.OPTIONS})
OWN_CHANGE = Decimal("0.005")  # of an amount, that profits, fees and funding of derivatives change by themselves


def carry(
    info: AccountInfo, asked: Collection[str] | None, before: Stored
) -> tuple[AccountInfo, frozenset[str] | None]:
    """Return the answer with the wallets that were not asked for as they are stored, and the names of those.

    A wallet that had failed and was not asked again stays failed. None instead of names where all were asked for.
    """
    if asked is None:
        return info, None
    told = {wallet.wallet for wallet in info.wallets}
    kept = [state for state in before.wallets if state.wallet not in asked and state.wallet not in told]
    wallets = tuple(_as_stored(state, before) for state in kept)
    carried = AccountInfo((*info.wallets, *wallets), info.mode, info.as_of, info.uid)
    return carried, frozenset(state.wallet for state in kept)


def moved_one_way(info: AccountInfo, before: Stored) -> bool:
    """Tell whether money has come or gone in the wallets read, and nothing went or came for it.

    It may lie in a wallet whose turn has not come. A trade takes one asset for another and is no such move.
    """
    known = {state.wallet for state in before.wallets if state.as_of is not None}
    kinds = {wallet.wallet: wallet.kind for wallet in info.wallets if wallet.ok and wallet.wallet in known}
    change: dict[tuple[bool, str], Decimal] = {}
    least: dict[tuple[bool, str], Decimal] = {}
    for wallet in (wallet for wallet in info.wallets if wallet.wallet in kinds):
        for balance in wallet.balances:
            key = (wallet.kind in DERIVATIVES, balance.asset)
            change[key] = change.get(key, Decimal(0)) + balance.total - balance.debt
    for held in (held for held in before.balances if held.wallet in kinds):
        key = (kinds[held.wallet] in DERIVATIVES, held.asset)
        change[key] = change.get(key, Decimal(0)) - held.total + held.debt
        least[key] = least.get(key, Decimal(0)) + (abs(held.total) * OWN_CHANGE if key[0] else Decimal(0))
    moved = [amount for key, amount in change.items() if abs(amount) > least.get(key, Decimal(0))]
    return bool(moved) and (all(amount > 0 for amount in moved) or all(amount < 0 for amount in moved))


def has_closed(before: Sequence[OpenPosition], after: Sequence[Position]) -> bool:
    """Tell whether a position is gone or smaller: what that brought is in the ledger by now."""
    return any(change < 0 for change in size_changes(before, after))


def _as_stored(state: WalletState, before: Stored) -> WalletAccount:
    if not state.ok:
        return WalletAccount(state.wallet, WalletKind(state.kind), ok=False, reason=state.reason, as_of=state.as_of)
    balances = tuple(
        Balance(row.wallet, row.asset, row.free, row.locked, row.total, debt=row.debt, as_of=row.as_of)
        for row in before.balances
        if row.wallet == state.wallet
    )
    return WalletAccount(state.wallet, WalletKind(state.kind), ok=True, balances=balances, as_of=state.as_of)
