"""From what an exchange answered to what is stored: valued, carried where a wallet failed, doubted where it is empty.

Pure: the answers, the state stored before and the prices are arguments. Values are USD.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from connectors.types import AccountInfo, Balance, Position, WalletAccount
from core.domain.points import DetailPoint
from core.domain.types import ExchangeAccount, HeldBalance, LedgerRow, OpenPosition, WalletState
from core.domain.valuation import ValuedWallet, value_wallet
from core.ports import StoredReading
from core.sync.details import wallet_point
from core.sync.due import slot_of
from core.sync.ports import PriceOf

EMPTY_UNCONFIRMED = "empty_unconfirmed"
NOT_REPORTED = "not_reported"
JUMP = 0.005


@dataclass(frozen=True, slots=True)
class Stored:
    """What was stored of an account before this reading."""

    wallets: Sequence[WalletState] = ()
    balances: Sequence[HeldBalance] = ()
    positions: Sequence[OpenPosition] = ()

    @property
    def equity(self) -> float:
        """Equity over all wallets, carried ones included."""
        return sum(wallet.equity or 0.0 for wallet in self.wallets)


@dataclass(frozen=True, slots=True)
class Answers:
    """What the exchange answered in one slot, asked at `at`. `positions` None: that read failed, the old ones stay.

    The `carried` wallets were not asked for, as their turn had not come: they are as they were last read. None where
    every wallet was asked for.
    """

    info: AccountInfo
    positions: Sequence[Position] | None
    at: datetime
    carried: frozenset[str] | None = None


def emptied_wallets(info: AccountInfo, before: Stored) -> set[str]:
    """Return the wallets that held something before and now answer that they hold nothing."""
    held = {balance.wallet for balance in before.balances if balance.total or balance.debt}
    return {wallet.wallet for wallet in info.wallets if wallet.ok and _is_empty(wallet) and wallet.wallet in held}


def doubt_emptiness(info: AccountInfo, before: Stored) -> AccountInfo:
    """Return the answer with every wallet failed when all went empty at once, until a second poll agrees."""
    is_all_empty = all(_is_empty(wallet) for wallet in info.wallets if wallet.ok)
    was_doubted = any(wallet.reason == EMPTY_UNCONFIRMED for wallet in before.wallets)
    if was_doubted or not is_all_empty or not emptied_wallets(info, before):
        return info
    doubted = (
        replace(wallet, ok=False, reason=EMPTY_UNCONFIRMED, balances=()) if wallet.ok else wallet
        for wallet in info.wallets
    )
    return replace(info, wallets=tuple(doubted))


def has_jumped(info: AccountInfo, before: Stored, price_of: PriceOf) -> bool:
    """Tell whether what is held has changed by more than 0.5 % of equity, at one price, over wallets read both times.

    A trade or a transfer between own wallets is no jump: what leaves comes back as something else.
    """
    known = {wallet.wallet for wallet in before.wallets if wallet.as_of is not None}
    both = [wallet for wallet in info.wallets if wallet.ok and wallet.wallet in known]
    names = {wallet.wallet for wallet in both}
    change = 0.0
    for balance in (balance for wallet in both for balance in wallet.balances):
        change += float((balance.total - balance.debt) * (price_of(balance.asset) or Decimal(0)))
    for held in (held for held in before.balances if held.wallet in names):
        change -= float((held.total - held.debt) * (price_of(held.asset) or Decimal(0)))
    return abs(change) > JUMP * abs(before.equity)


def make_reading(
    account: ExchangeAccount, answers: Answers, before: Stored, *, price_of: PriceOf, ledger: Sequence[LedgerRow] = ()
) -> StoredReading:
    """Value the answers and join them with what is carried; wallets that are not mentioned any more are carried too."""
    at, info = answers.at, answers.info
    previous = {wallet.wallet: wallet for wallet in before.wallets}
    positions = answers.positions or ()
    states: list[WalletState] = []
    balances: list[HeldBalance] = []
    opened: list[OpenPosition] = []
    for wallet in info.wallets:
        last = previous.pop(wallet.wallet, None)
        if not wallet.ok:
            states.append(_carried(account, wallet, last=last, at=at))
            continue
        read_at = last.as_of if last is not None and last.as_of and wallet.wallet in (answers.carried or ()) else at
        valued = value_wallet(account, wallet, positions, price_of=price_of, at=read_at)
        opened_here = since_when(valued.positions, before, last=last, at=read_at)
        old = [p for p in before.positions if p.wallet == wallet.wallet] if answers.positions is None else []
        state = _good(account, wallet, valued, last=last, at=read_at)
        states.append(state if read_at == at else _with_last_margin(state, last))
        balances.extend(valued.balances)
        opened.extend([*opened_here, *old])
    states.extend(replace(gone, ok=False, reason=NOT_REPORTED, attempted_at=at) for gone in previous.values())
    return StoredReading(
        account_id=account.id,
        client_id=account.user_id,
        slot=slot_of(at),
        at=at,
        wallets=states,
        fresh_wallets={wallet.wallet for wallet in info.wallets if wallet.ok},
        balances=balances,
        positions=opened,
        equity=sum(state.equity or 0.0 for state in states),
        unrealized_pnl=sum(state.unrealized_pnl or 0.0 for state in states),
        complete=all(state.ok for state in states),
        ledger=ledger,
        details=DetailPoint(at, tuple(wallet_point(wallet, answers.positions, price_of) for wallet in info.wallets)),
    )


def since_when(
    positions: Sequence[OpenPosition], before: Stored, *, last: WalletState | None, at: datetime
) -> list[OpenPosition]:
    """Return the positions of a wallet with what is known of their opening.

    One that was not in the reading before was opened after that reading. Where the wallet had been read once only, its
    positions may not have been read with it, so nothing is said of those.
    """
    known = {_identity(position): position for position in before.positions}
    is_known_without = last is not None and last.ok and last.first_ok_at is not None and last.as_of != last.first_ok_at
    dated = []
    for position in positions:
        old = known.get(_identity(position))
        found = last.as_of if is_known_without and last is not None else None
        opened, seen = (found, at) if old is None else (old.opened_at, old.seen_since or old.as_of)
        dated.append(replace(position, opened_at=position.opened_at or opened, seen_since=seen))
    return dated


def _identity(position: OpenPosition) -> tuple[str, ...]:
    return position.wallet, position.symbol, position.side, position.margin_mode or ""


def _is_empty(wallet: WalletAccount) -> bool:
    return not any(_holds(balance) for balance in wallet.balances)


def _holds(balance: Balance) -> bool:
    return bool(balance.total or balance.debt or balance.equity)


def _carried(account: ExchangeAccount, wallet: WalletAccount, *, last: WalletState | None, at: datetime) -> WalletState:
    state = last or WalletState(account.id, account.user_id, wallet.wallet, wallet.kind.value, False, at)
    return replace(state, ok=False, reason=wallet.reason or "unknown", attempted_at=at)


def _good(
    account: ExchangeAccount, wallet: WalletAccount, valued: ValuedWallet, *, last: WalletState | None, at: datetime
) -> WalletState:
    is_first = last is None or last.first_ok_at is None
    return WalletState(
        account_id=account.id,
        client_id=account.user_id,
        wallet=wallet.wallet,
        kind=wallet.kind.value,
        ok=True,
        attempted_at=at,
        as_of=at,
        equity=valued.equity,
        unrealized_pnl=valued.unrealized_pnl,
        unpriced=valued.unpriced,
        first_ok_at=at if is_first or last is None else last.first_ok_at,
        first_equity=valued.equity if is_first or last is None else last.first_equity,
        maintenance_margin=valued.maintenance_margin,
        margin_ratio=None if wallet.margin_ratio is None else float(wallet.margin_ratio),
    )


def _with_last_margin(state: WalletState, last: WalletState | None) -> WalletState:
    """Return a wallet whose turn had not come with the margin that was read with it."""
    if last is None:
        return state
    return replace(state, maintenance_margin=last.maintenance_margin, margin_ratio=last.margin_ratio)
