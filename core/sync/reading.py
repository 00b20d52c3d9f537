"""What one account is asked in one reading: wallets and positions; what is odd is asked twice before it is believed."""

import logging
from collections.abc import Collection, Sequence
from dataclasses import replace

from connectors.errors import ExchangeError, IpBannedError, NotSupportedError, RateLimitedError
from connectors.types import AccountInfo, Balance, Position, WalletAccount, WalletKind
from core.domain.types import ExchangeAccount
from core.ports import Clock
from core.sync.ingest import EMPTY_UNCONFIRMED, Answers, Stored, doubt_emptiness, emptied_wallets
from core.sync.moves import positions_changed
from core.sync.ports import Connector
from core.sync.sizes import size_changes
from core.sync.turns import carry, moved_one_way

log = logging.getLogger(__name__)

OTHER_IDENTITY = "other_identity"
READ_AGAIN = 2
NO_DEBT = frozenset({WalletKind.SPOT, WalletKind.FUNDING, WalletKind.EARN})


class ReadingRefusedError(Exception):
    """Nothing of the answer may be stored; `code` says why."""

    def __init__(self, code: str) -> None:
        """Name the reason by its code."""
        super().__init__(code)
        self.code = code


def read_answers(
    connector: Connector,
    account: ExchangeAccount | None,
    *,
    before: Stored,
    clock: Clock,
    wallets: Collection[str] | None = None,
) -> Answers:
    """Ask for wallets (None: for all) and positions; the identity is compared where an account is given.

    All wallets are asked for where money has moved that may lie in one whose turn has not come.

    Where a wallet's worth rests on positions and those are not the ones of the reading before, both are asked again
    until two answers in a row show the same positions: what was closed between two answers would be in neither.

    Raises:
        ConnectorError: the exchange gave no answer that can be used.
        ReadingRefusedError: the answer is of another account, or no wallet in it could be read.
    """
    at = clock()
    info, carried = _read_info(connector, account, before, wallets)
    if carried is not None and moved_one_way(info, before):
        wallets = None
        info, carried = _read_info(connector, account, before, wallets)
    positions = _read_positions(connector, before)
    seen: Sequence[Position] | None = None
    for _ in range(READ_AGAIN):
        is_settled = seen is not None and positions is not None and not any(size_changes(seen, positions))
        if positions is None or is_settled or not positions_changed(before, info, positions):
            break
        at, seen = clock(), positions
        info, carried = _read_info(connector, account, before, wallets)
        positions = _read_positions(connector, before)
    return Answers(info, positions, at, carried)


def require_identity(account: ExchangeAccount | None, uid: str | None) -> None:
    """Refuse what is of another account than the one that was verified; an unknown identity proves nothing.

    Raises:
        ReadingRefusedError: it is of another account.
    """
    if account is not None and account.uid and uid and uid != account.uid:
        log.critical("answer of another account dropped", extra={"account_id": str(account.id)})
        raise ReadingRefusedError(OTHER_IDENTITY)


def _read_info(
    connector: Connector, account: ExchangeAccount | None, before: Stored, wallets: Collection[str] | None
) -> tuple[AccountInfo, frozenset[str] | None]:
    """Return the wallets, those not asked for as they are stored, and the names of the latter."""
    info = connector.get_account_info(wallets=wallets)
    require_identity(account, info.uid)
    if emptied_wallets(info, before):
        wallets = None
        info = connector.get_account_info()
        require_identity(account, info.uid)
    info, carried = carry(info, wallets, before)
    info = refuse_impossible(doubt_emptiness(info, before))
    if not any(wallet.ok or wallet.reason == EMPTY_UNCONFIRMED for wallet in info.wallets):
        raise ReadingRefusedError(next((w.reason for w in info.wallets if w.reason), "bad_response"))
    return info, carried


def refuse_impossible(info: AccountInfo) -> AccountInfo:
    """Return the answer with those wallets failed that hold less than nothing where nobody can owe anything.

    An account with margin can: some exchanges take its losses out of the spot wallet.
    """
    has_margin = any(wallet.kind is WalletKind.MARGIN for wallet in info.wallets)
    debtless = frozenset[WalletKind]() if has_margin else NO_DEBT
    if not any(_is_impossible(wallet, debtless) for wallet in info.wallets):
        return info
    wallets = (
        replace(wallet, ok=False, reason="bad_response", balances=()) if _is_impossible(wallet, debtless) else wallet
        for wallet in info.wallets
    )
    return replace(info, wallets=tuple(wallets))


def _is_impossible(wallet: WalletAccount, debtless: frozenset[WalletKind]) -> bool:
    owes_nothing = wallet.kind in debtless
    return wallet.ok and any(
        balance.debt < 0 or (owes_nothing and not balance.debt and _lacks(balance)) for balance in wallet.balances
    )


def _lacks(balance: Balance) -> bool:
    return balance.total < 0 or (balance.free or 0) < 0 or (balance.locked or 0) < 0


def _read_positions(connector: Connector, before: Stored) -> list[Position] | None:
    try:
        positions = connector.get_futures_positions()
        return positions if positions or not before.positions else connector.get_futures_positions()
    except NotSupportedError:
        return []
    except (RateLimitedError, IpBannedError):
        raise
    except ExchangeError as e:
        log.warning("positions not read: %s", e)
        return None
