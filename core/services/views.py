"""Which accounts of a client a view shows: the main one, all of them, or one."""

from collections.abc import Sequence

from core.domain.types import AccountStatus, ExchangeAccount
from core.errors import NotFoundError
from core.services.account_state import NOT_READ

MAIN, ALL = "main", "all"
WHOLE_NAME, TESTNET_NAME = "all", "testnet"


def select_accounts(accounts: Sequence[ExchangeAccount], view: str) -> list[ExchangeAccount]:
    """Return the accounts that a view shows; removed ones belong to "all", for their history.

    What is not verified is not read, and so belongs to no sum; mainnet and testnet never belong to one sum.

    Raises:
        NotFoundError: the view names an account that is not the client's.
    """
    present = [account for account in accounts if account.removed_at is None]
    if view == MAIN:
        return [account for account in present if account.is_main]
    if view == ALL:
        counted = [account for account in accounts if account.status not in NOT_READ]
        in_use = [account for account in counted if account.removed_at is None] or counted
        testnet = all(account.testnet for account in in_use)
        return [account for account in counted if account.testnet is testnet]
    chosen = [account for account in accounts if str(account.id) == view]
    if not chosen:
        raise NotFoundError("account")
    return chosen


def members_of(accounts: Sequence[ExchangeAccount], view: str) -> tuple[list[ExchangeAccount], str]:
    """Return the accounts whose results a view adds up, and the name that their days are stored under.

    Raises:
        NotFoundError: the view names an account that is not the client's.
    """
    chosen = select_accounts(accounts, view)
    if view != ALL or not chosen:
        return chosen, str(chosen[0].id) if chosen else ""
    testnet = chosen[0].testnet
    everything = [a for a in accounts if a.testnet is testnet and a.status is not AccountStatus.PENDING]
    return everything, TESTNET_NAME if testnet else WHOLE_NAME
