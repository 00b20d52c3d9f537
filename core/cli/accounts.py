"""Commands about exchange accounts: accounts list, set-main."""

import argparse
from uuid import UUID

from core import bootstrap
from core.cli.parsing import Subparsers, add_command, add_group, write_line, write_table
from core.config import Settings
from core.domain.types import ExchangeAccount
from core.errors import NotFoundError
from core.services import main_account, people


def register(commands: Subparsers) -> None:
    """Add the commands of this module."""
    accounts = add_group(commands, "accounts", "list exchange accounts and choose main ones")
    listing = add_command(accounts, "list", list_accounts)
    listing.add_argument("--client", metavar="LOGIN", help="only this client's accounts")
    switch = add_command(accounts, "set-main", set_main)
    switch.add_argument("account", type=UUID, help="id of the account, as `accounts list` shows it")
    switch.add_argument("--reason", required=True, help="kept in the audit log")


def list_accounts(options: argparse.Namespace, settings: Settings) -> int:
    """List exchange accounts with status and main badge; of a key only its hint."""
    with bootstrap.using_storage(settings) as storage, storage.begin(write=False) as uow:
        logins = {user.id: user.login for user in uow.users.all()}
        accounts = uow.accounts.all(None)
    if options.client is not None:
        wanted = people.normal_login(options.client)
        accounts = [account for account in accounts if logins[account.user_id] == wanted]
    rows: list[tuple[str, ...]] = [("client", "exchange", "main", "status", "key", "id", "name")]
    rows += [_row(account, logins[account.user_id]) for account in accounts]
    write_table(rows)
    return 0


def set_main(options: argparse.Namespace, settings: Settings) -> int:
    """Make an account the main one of its client."""
    web = bootstrap.build_web(settings)
    with web.storage.begin(bootstrap.operator_scope(web.clock()), write=False) as uow:
        account = uow.accounts.get(options.account, None)
        if account is None:
            raise NotFoundError("no such account")
        current = uow.accounts.main_of(account.user_id)
    main_account.set_main(
        web.storage,
        bootstrap.operator_scope(web.clock()),
        account.id,
        expected_main=current.id if current else None,
        reason=options.reason,
        now=web.clock(),
    )
    write_line(f"{account.name} is the main account now")
    return 0


def _row(account: ExchangeAccount, login: str) -> tuple[str, ...]:
    status = account.status.value if account.is_active else f"{account.status.value}, paused"
    exchange = f"{account.exchange} testnet" if account.testnet else account.exchange
    main = "main" if account.is_main else ""
    return (login, exchange, main, status, f"•••{account.hint}", str(account.id), account.name)
