"""An installation whose accounts are a fleet's, already verified, and sidecars that read them."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import update

from core.bootstrap import AuditChain, SealingVault, utc_now
from core.config import Settings, load_settings
from core.domain.types import AccountStatus, ExchangeAccount, KeyRights, Role, User
from core.persistence import SqlStorage
from core.persistence.models import SyncStateRow
from core.persistence.repositories.base import EVERY_CLIENT
from core.security import keyfiles
from core.security.vault import Sealer
from tests.fleet.exchanges import ROOT, Member

ACCOUNTS_PER_CLIENT = 4
LONG_AGO = timedelta(days=90)
IsMain = Callable[[int], bool]


@dataclass(frozen=True, slots=True)
class Placed:
    """A member of the fleet as the installation knows it."""

    member: Member
    account: ExchangeAccount


class Installation:
    """Database, keys and accounts. `settings` are further environment variables of its sidecars."""

    def __init__(self, url: str, folder: Path, settings: Mapping[str, str] | None = None) -> None:
        self._environ = {"GA_DATABASE_URL": url, "GA_DATA_DIR": str(folder), **(settings or {})}
        self.settings: Settings = load_settings(self._environ)
        made = keyfiles.init_keys(self.settings.app_key_file.parent, data_keys_exist=False)
        app_key = keyfiles.load_app_key(self.settings.app_key_file)
        public_key = keyfiles.load_public_key_file(self.settings.vault_public_key_file)
        self.sealer = SealingVault(Sealer(public_key, app_key))
        self.storage = SqlStorage(url, audit_chain=AuditChain(app_key))
        with self.storage.begin() as uow:
            uow.credentials.add_key_check(made.kid, made.key_check)

    def place(
        self,
        members: Sequence[Member],
        *,
        is_main: IsMain,
        interval: Callable[[bool], int],
        ledger_from: datetime | None = None,
    ) -> list[Placed]:
        """Store accounts as verified ones, each due at its own moment of its interval; `is_main` by number."""
        now = utc_now()
        mains = [place for place in range(len(members)) if is_main(place)]
        others = [place for place in range(len(members)) if not is_main(place)]
        clients = [self._add_client(number, now) for number in range(max(1, len(mains)))]
        owners = {place: clients[number] for number, place in enumerate(mains)}
        owners |= {place: clients[number % len(clients)] for number, place in enumerate(others)}
        placed = []
        for first in range(0, len(members), 100):
            with self.storage.begin() as uow:
                for place in range(first, min(first + 100, len(members))):
                    main = place in owners and is_main(place)
                    account = self._add(uow, members[place], owners[place], main=main, now=now)
                    group = mains if main else others
                    seconds = interval(main)
                    due = now + timedelta(seconds=group.index(place) * seconds / len(group))
                    uow.syncing.ensure(account.id, account.user_id, due, seconds)
                    self._start_ledger(uow, account, ledger_from or now)
                    placed.append(Placed(members[place], account))
        return placed

    @staticmethod
    def _start_ledger(uow: Any, account: ExchangeAccount, at: datetime) -> None:  # noqa: ANN401
        """Take the ledger as read up to an instant: the first reading of ninety days is not what is measured."""
        own = SyncStateRow.account_id == account.id
        values = {"ledger_read_to": at, "ledger_since": at}
        uow.connection.execute(update(SyncStateRow).prefix_with(EVERY_CLIENT).where(own).values(**values))

    def _add_client(self, number: int, now: datetime) -> User:
        user = User(
            id=uuid4(), login=f"client{number}", name=f"Client {number}", role=Role.CLIENT, currency="USD",
            language="en", time_zone="America/Sao_Paulo", is_active=True, created_at=now - LONG_AGO,
        )  # fmt: skip
        with self.storage.begin() as uow:
            uow.users.add(user, None)
        return user

    def _add(self, uow: Any, member: Member, owner: User, *, main: bool, now: datetime) -> ExchangeAccount:  # noqa: ANN401
        key = member.key
        fields = {"api_key": key.api_key, "api_secret": key.api_secret, "passphrase": key.passphrase or ""}
        account_id = uuid4()
        sealed = self.sealer.seal(
            client_id=owner.id,
            account_id=account_id,
            exchange=key.exchange,
            generation=1,
            fields={name: value for name, value in fields.items() if value},
        )
        rights = KeyRights(read=True, trade=False, transfer=False, withdraw=False, ip_restricted=True, checked_at=now)
        account = ExchangeAccount(
            id=account_id, user_id=owner.id, exchange=key.exchange, name=f"{key.exchange} {member.spec.name}",
            testnet=False, is_active=True, is_main=main, status=AccountStatus.ACTIVE, hint=key.api_key[-4:],
            generation=1, created_at=now - LONG_AGO, updated_at=now, rights=rights,
        )  # fmt: skip
        uow.accounts.add(account, sealed, self.sealer.duplicate_index(key.exchange, key.api_key))
        return account

    @contextmanager
    def sidecar(
        self, hosts: str, *, limits: bool = False, log: Path | None = None
    ) -> Iterator["subprocess.Popen[str]"]:
        """Run a sidecar in a process of its own; `limits` False: it knows of no limits, as the sandbox has none."""
        environ = {name: value for name, value in os.environ.items() if not name.startswith("GA_")}
        environ |= {**self._environ, "EXCHANGE_HOSTS": hosts, "GA_LOG_LEVEL": "WARNING"}
        command = [sys.executable, "-m", "tests.fleet.sidecar", *([] if limits else ["--no-limits"])]
        with (log or Path(os.devnull)).open("a") as output:
            process = subprocess.Popen(command, cwd=ROOT, env=environ, text=True, stdout=output, stderr=output)
            try:
                yield process
            finally:
                process.terminate()
                process.wait(40)

    def environ(self, hosts: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
        """Return the environment of a sidecar that works for this installation."""
        return {**self._environ, "EXCHANGE_HOSTS": json.dumps(hosts)}

    def states(self) -> dict[UUID, Any]:
        """Return the sync states by account."""
        with self.storage.begin(write=False) as uow:
            return {state.account_id: state for state in uow.syncing.states(None)}
