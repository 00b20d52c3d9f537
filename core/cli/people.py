"""Commands about people: users add, list, disable, erase."""

import argparse
import getpass
import sys

from core import bootstrap
from core.bootstrap import erasing
from core.cli.parsing import Subparsers, add_command, add_group, write_line, write_table
from core.config import Settings
from core.domain.types import Role
from core.errors import InvalidInputError, NotFoundError
from core.services import people
from core.services.people import LANGUAGES, NewPerson, Preferences


def register(commands: Subparsers) -> None:
    """Add the commands of this module."""
    users = add_group(commands, "users", "add, list and disable people")
    add = add_command(users, "add", add_user)
    add.add_argument("--login", required=True, help="name to sign in with")
    add.add_argument("--name", required=True, help="name shown on the screens")
    add.add_argument("--role", choices=[role.value for role in Role], default=Role.CLIENT.value)
    add.add_argument("--language", choices=LANGUAGES)
    add.add_argument("--time-zone", help="such as America/Sao_Paulo")
    add.add_argument("--password-stdin", action="store_true", help="read the password from the standard input")
    add_command(users, "list", list_users)
    disable = add_command(users, "disable", disable_user)
    disable.add_argument("--login", required=True)
    erasing = add_command(users, "erase", erase_user)
    erasing.add_argument("--login", required=True)
    erasing.add_argument("--yes", metavar="LOGIN", required=True, help="the sign-in name again: this cannot be undone")


def add_user(options: argparse.Namespace, settings: Settings) -> int:
    """Add a person; the password comes from a prompt or the standard input, never from the command line."""
    web = bootstrap.build_web(settings)
    person = NewPerson(
        name=options.name,
        login=options.login,
        password=_read_password(from_input=options.password_stdin),
        role=Role(options.role),
        preferences=Preferences(
            language=options.language or settings.default_language,
            time_zone=options.time_zone or settings.default_time_zone,
        ),
    )
    user = people.create_person(web.storage, web.passwords, person, scope=None, now=web.clock())
    write_line(f"{user.role} {user.login} added: {user.id}")
    return 0


def list_users(_options: argparse.Namespace, settings: Settings) -> int:
    """List all people, without anything secret."""
    with bootstrap.using_storage(settings) as storage, storage.begin(write=False) as uow:
        users = uow.users.all()
    rows = [("login", "role", "active", "id", "name")]
    rows += [(user.login, user.role, "yes" if user.is_active else "no", str(user.id), user.name) for user in users]
    write_table(rows)
    return 0


def disable_user(options: argparse.Namespace, settings: Settings) -> int:
    """Disable a person and end their sessions; history stays."""
    web = bootstrap.build_web(settings)
    with web.storage.begin(write=False) as uow:
        found = uow.users.by_login(people.normal_login(options.login))
    if found is None:
        raise NotFoundError(f"nobody signs in as {options.login}")
    people.set_active(web.storage, None, found[0].id, False, now=web.clock())
    write_line(f"{found[0].login} disabled")
    return 0


def erase_user(options: argparse.Namespace, settings: Settings) -> int:
    """Erase a client for good: keys, sessions, accounts and history; a restored backup is cleared of it too."""
    if people.normal_login(options.yes) != people.normal_login(options.login):
        raise InvalidInputError("yes", "names_differ")
    client_id = erasing.erase_client(settings, options.login, bootstrap.utc_now())
    write_line(f"{options.login} ({client_id}) is erased from the database")
    write_line(f"It is gone from the last backup after {settings.backup_keep_daily} days; a restore erases it again.")
    return 0


def _read_password(*, from_input: bool) -> str:
    if from_input:
        return sys.stdin.readline().rstrip("\r\n")
    password = getpass.getpass("Password: ")
    if getpass.getpass("Again: ") != password:
        raise InvalidInputError("password", "passwords_differ")
    return password
