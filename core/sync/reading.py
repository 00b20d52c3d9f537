"""What one account is asked in one reading: wallets and positions, with emptiness asked twice before it is believed."""

import logging

from connectors.errors import ExchangeError, IpBannedError, NotSupportedError, RateLimitedError
from connectors.types import AccountInfo, Position
from core.domain.types import ExchangeAccount
from core.ports import Clock
from core.sync.ingest import EMPTY_UNCONFIRMED, Answers, Stored, doubt_emptiness, emptied_wallets
from core.sync.ports import Connector

log = logging.getLogger(__name__)


class ReadingRefusedError(Exception):
    """Nothing of the answer may be stored; `code` says why."""

    def __init__(self, code: str) -> None:
        """Name the reason by its code."""
        super().__init__(code)
        self.code = code


def read_answers(connector: Connector, account: ExchangeAccount | None, *, before: Stored, clock: Clock) -> Answers:
    """Ask for wallets and positions; the identity is compared where an account is given.

    Raises:
        ConnectorError: the exchange gave no answer that can be used.
        ReadingRefusedError: the answer is of another account, or no wallet in it could be read.
    """
    at = clock()
    info = _read_info(connector, before)
    if account is not None and account.uid and info.uid and info.uid != account.uid:
        log.critical("answer of another account dropped", extra={"account_id": str(account.id)})
        raise ReadingRefusedError("other_identity")
    if not any(wallet.ok or wallet.reason == EMPTY_UNCONFIRMED for wallet in info.wallets):
        raise ReadingRefusedError(next((w.reason for w in info.wallets if w.reason), "bad_response"))
    return Answers(info, _read_positions(connector), at)


def _read_info(connector: Connector, before: Stored) -> AccountInfo:
    info = connector.get_account_info()
    if emptied_wallets(info, before):
        info = connector.get_account_info()
    return doubt_emptiness(info, before)


def _read_positions(connector: Connector) -> list[Position] | None:
    try:
        return connector.get_futures_positions()
    except NotSupportedError:
        return []
    except (RateLimitedError, IpBannedError):
        raise
    except ExchangeError as e:
        log.warning("positions not read: %s", e)
        return None
