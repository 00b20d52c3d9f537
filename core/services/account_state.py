"""How accounts are doing, and why a screen of them is empty: shared by the pages that show a client's accounts."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from core.domain.types import AccountStatus, ExchangeAccount, Job, JobKind, SyncState, WalletState
from core.ports import ExchangePause
from core.services.health import freshness
from core.services.overview_types import AccountHealth, EmptyState, Figure

NOT_READ = (AccountStatus.PENDING, AccountStatus.UNVERIFIED, AccountStatus.REFUSED)


class Known(Protocol):
    """What must be known of a client's accounts to tell how they are doing."""

    @property
    def states(self) -> Mapping[UUID, SyncState]:
        """Syncing by account."""
        ...

    @property
    def jobs(self) -> Mapping[UUID, Job]:
        """The newest verification or key replacement by account."""
        ...

    @property
    def pauses(self) -> Mapping[tuple[str, str], ExchangePause]:
        """Pauses by exchange and egress address."""
        ...

    @property
    def wallets(self) -> Sequence[WalletState]:
        """The wallets of all accounts."""
        ...


def newest_jobs(jobs: Sequence[Job]) -> dict[UUID, Job]:
    """Return the newest verification or key replacement of each account."""
    asked = [job for job in jobs if job.kind is not JobKind.SYNC]
    return {job.account_id: job for job in sorted(asked, key=lambda job: job.created_at)}


def account_health(account: ExchangeAccount, known: Known, now: datetime) -> AccountHealth:
    """Return one account's state for its badge."""
    state = known.states.get(account.id)
    wallets = tuple(wallet for wallet in known.wallets if wallet.account_id == account.id)
    worth = [wallet.equity for wallet in wallets if wallet.equity is not None]
    return AccountHealth(
        account=account,
        freshness=freshness(state, now),
        as_of=state.last_ok_at if state else None,
        planned_interval_seconds=state.planned_interval_seconds if state else None,
        wallets=wallets,
        equity=sum(worth) if worth else None,
        error_code=account.reason or (state.last_error_code if state else None),
        sync=state,
        job=known.jobs.get(account.id),
        pause=known.pauses.get((account.exchange, (state.egress if state else None) or "")),
    )


def empty_state(
    shown_ids: Collection[UUID], wallets: Sequence[WalletState], health: Sequence[AccountHealth], *, held: bool
) -> EmptyState:
    """Return why there is nothing to show of the accounts with these ids; `held`: there is something."""
    shown = [one for one in health if one.account.id in shown_ids]
    if not health:
        return EmptyState.NO_ACCOUNT
    if not shown:
        if any(one.account.status not in NOT_READ for one in health):
            return EmptyState.FILTERED
        waiting = any(one.account.status is AccountStatus.PENDING for one in health)
        return EmptyState.FIRST_SYNC if waiting else EmptyState.FAILED
    if not any(wallet.equity is not None for wallet in wallets):
        failed = all(one.error_code or one.account.status is AccountStatus.REFUSED for one in shown)
        return EmptyState.FAILED if failed else EmptyState.FIRST_SYNC
    return EmptyState.NONE if held else EmptyState.ZERO


def equity_figure(wallets: Sequence[WalletState], names: Mapping[UUID, ExchangeAccount]) -> Figure:
    """Return the equity of these wallets in USD with what was carried into it and what is missing from it."""
    read = [wallet for wallet in wallets if wallet.equity is not None]
    if not read:
        return Figure(None, None, missing=_wallet_names(wallets, names))
    return Figure(
        value=sum(wallet.equity for wallet in read if wallet.equity is not None),
        as_of=min((wallet.as_of for wallet in read if wallet.as_of is not None), default=None),
        carried=_wallet_names((wallet for wallet in read if not wallet.ok), names),
        missing=_wallet_names((wallet for wallet in wallets if wallet.equity is None), names),
        unpriced=tuple(sorted({asset for wallet in read for asset in wallet.unpriced})),
    )


def ledger_read_to(states: Mapping[UUID, SyncState], account_ids: Collection[UUID]) -> datetime | None:
    """Return up to when the ledgers of all these accounts are known, None where one was never read."""
    times = [states[account_id].ledger_read_to for account_id in account_ids if account_id in states]
    known = [at for at in times if at is not None]
    return min(known) if known and len(known) == len(times) else None


def _wallet_names(wallets: Iterable[WalletState], names: Mapping[UUID, ExchangeAccount]) -> tuple[str, ...]:
    return tuple(f"{names[wallet.account_id].name} · {wallet.wallet}" for wallet in wallets)
