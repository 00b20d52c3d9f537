"""A whole installation for the sidecar's tests: real database, real vault, real connectors, the sandbox as exchange.

One movable clock drives sidecar, connectors and sandbox, so that the truth at an instant is what was read then.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID, uuid4

from sqlalchemy import text

import connectors
from connectors.sandbox.server import Sandbox
from connectors.types import CredentialField, ExchangeInfo, LedgerKind
from core.bootstrap import ConnectorLibrary, SealingVault, SyncParts, operator_scope
from core.bootstrap.parts import build_sync
from core.config import Settings, load_settings
from core.domain.types import (
    ExchangeAccount,
    HeldBalance,
    Job,
    JobStatus,
    LedgerRow,
    Role,
    SealedCredential,
    SyncState,
    User,
    WalletState,
)
from core.persistence import SqlStorage
from core.ports import Lease, Storage
from core.security import keyfiles
from core.security.secret import Secret
from core.security.vault import Sealer
from core.services.account_keys import NewAccount, NewKey, add_account, replace_key
from core.sync.runner import Runner

EXCHANGE = "binance"
Wrap = Callable[[ExchangeAccount, connectors.Connector], connectors.Connector]


class MovableClock:
    """A clock that stands still until it is moved."""

    def __init__(self, start: datetime) -> None:
        self._now = start

    def __call__(self) -> datetime:
        return self._now

    def move(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)


class WithOptions(ConnectorLibrary):
    """The connector library, with choices that its exchanges do not offer."""

    def __init__(self, options: Mapping[str, str]) -> None:
        super().__init__({})
        self._choices = tuple(
            CredentialField(name, kind="choice", secret=False, choices=(chosen,)) for name, chosen in options.items()
        )

    def describe(self, exchange: str) -> ExchangeInfo:
        info = super().describe(exchange)
        return replace(info, credential_fields=(*info.credential_fields, *self._choices))

    def check_fields(
        self, exchange: str, fields: Mapping[str, str], *, testnet: bool, options: Mapping[str, str]
    ) -> None:
        super().check_fields(exchange, fields, testnet=testnet, options={})


class House:
    """The installation, and short words for what people and exchanges do."""

    def __init__(self, *, url: str, folder: Path, sandbox: Sandbox, clock: MovableClock) -> None:
        self.sandbox, self.clock = sandbox, clock
        self.settings = load_settings({"GA_DATABASE_URL": url, "GA_DATA_DIR": str(folder)})
        self._make_keys()
        self._parts = build_sync(self.settings)
        self.storage: Storage = self._parts.storage
        app_key = keyfiles.load_app_key(self.settings.app_key_file)
        public_key = keyfiles.load_public_key_file(self.settings.vault_public_key_file)
        self.sealer = SealingVault(Sealer(public_key, app_key))
        self.client = self.add_client("ana")
        self.wrap: Wrap = lambda account, connector: connector

    def _make_keys(self) -> None:
        made = keyfiles.init_keys(self.settings.app_key_file.parent, data_keys_exist=False)
        storage = SqlStorage(self.settings.database_url)
        with storage.begin() as uow:
            uow.credentials.add_key_check(made.kid, made.key_check)
        storage.dispose()

    def parts(self, name: str = "one") -> SyncParts:
        """Return the parts of a sidecar that lives by this clock and talks to the sandbox."""
        return replace(
            self._parts,
            clock=self.clock,
            sidecar_id=name,
            make_connector=self._make_connector,
            make_public=self._make_public,
            read_rates=connectors.PtaxRates(self.sandbox.hosts()["ptax"]).read,
        )

    def runner(self, name: str = "one", *, settings: Settings | None = None) -> Runner:
        """Return a sidecar."""
        return Runner(replace(self.parts(name), settings=settings or self.settings), jitter=lambda: 0.0)

    def once(self, *, settings: Settings | None = None) -> None:
        """Let a fresh sidecar make one full pass."""
        assert self.runner(settings=settings).run_once() == 0

    def add_client(self, login: str) -> User:
        """Store a client."""
        user = User(
            id=uuid4(), login=login, name=login.title(), role=Role.CLIENT, currency="USD", language="pt_BR",
            time_zone="America/Sao_Paulo", is_active=True, created_at=self.clock(),
        )  # fmt: skip
        with self.storage.begin() as uow:
            uow.users.add(user, None)
        return user

    def add(
        self, key: str, *, name: str = "", client: User | None = None, exchange: str = EXCHANGE, **more: bool
    ) -> Job:
        """Add an account with a key of the sandbox, as the form does; return the verification job."""
        owner = client or self.client
        new = NewAccount(owner.id, exchange, name or f"{exchange} {key}", self.key(exchange, key), **more)
        return add_account(
            self.storage, ConnectorLibrary({}), self.sealer, operator_scope(self.clock()), new, now=self.clock()
        )

    def replace_key(
        self, account_id: UUID, key: str, *, exchange: str = EXCHANGE, options: Mapping[str, str] | None = None
    ) -> Job:
        """Ask for another key in the place of the present one, at an exchange that has these options."""
        scope, library = operator_scope(self.clock()), WithOptions(options or {})
        new = replace(self.key(exchange, key), options=options or {})
        return replace_key(self.storage, library, self.sealer, scope, account_id, new, now=self.clock())

    def key(self, exchange: str, name: str) -> NewKey:
        """Return a key of the sandbox as typed into the form."""
        key = self.sandbox.key(exchange, name)
        fields = {"api_key": key.api_key, "api_secret": key.api_secret, "passphrase": key.passphrase or ""}
        return NewKey({field: value for field, value in fields.items() if value})

    def deposit(self, key: str, asset: str, amount: str) -> None:
        """Let money arrive at the exchange now."""
        uid = self.sandbox.key(EXCHANGE, key).uid
        self.sandbox.world.add_event(uid, LedgerKind.DEPOSIT, {asset: Decimal(amount)})

    def tick(self, runner: Runner) -> None:
        """Let a sidecar tick once and wait for what it started."""
        runner.tick(self.clock())
        assert runner.wait(30)

    def tick_until(self, runner: Runner, is_reached: Callable[[], bool]) -> None:
        """Let a sidecar tick, without the clock moving, until something has happened."""
        deadline = time.monotonic() + 20
        while not is_reached():
            assert time.monotonic() < deadline
            runner.tick(self.clock())
            time.sleep(0.05)

    def new_id(self) -> UUID:
        """Return a fresh id."""
        return uuid4()

    def claim(self, owner: str) -> Lease | None:
        """Take a due account as another sidecar would."""
        with self.storage.begin() as uow:
            leases = uow.syncing.claim(self.clock(), owner=owner, lease_seconds=60, limit=1)
        return leases[0] if leases else None

    def swap_credentials(self, one: Job, other: Job) -> None:
        """Exchange the sealed texts of two rows, as somebody who can write to the database could."""
        names = ("api_key", "secret_key", "passphrase", "dek_id", "origin_mac")
        columns = ", ".join(names)
        read = text(f"SELECT {columns} FROM exchange_accounts WHERE id = :id")  # noqa: S608 - fixed names
        written = ", ".join(f"{name} = :{name}" for name in names)
        write = text(f"UPDATE exchange_accounts SET {written} WHERE id = :id")  # noqa: S608 - fixed names
        assert isinstance(self.storage, SqlStorage)
        with self.storage.engine.begin() as connection:
            rows = [connection.execute(read, {"id": job.account_id.hex}).mappings().one() for job in (one, other)]
            for job, row in zip((other, one), rows, strict=True):
                connection.execute(write, {**row, "id": job.account_id.hex})

    # what is stored

    def sealed(self, job: Job) -> SealedCredential | None:
        """Return the stored credential of a job's account."""
        with self.storage.begin(write=False) as uow:
            return uow.credentials.load(job.account_id, job.client_id)

    def pauses(self) -> dict[str, str]:
        """Return the paused exchanges and why."""
        with self.storage.begin(write=False) as uow:
            return {pause.exchange: pause.reason for pause in uow.syncing.pauses(self.clock())}

    def audit(self) -> list[str]:
        """Return what was audited, in order."""
        assert isinstance(self.storage, SqlStorage)
        with self.storage.engine.connect() as connection:
            return list(connection.execute(text("SELECT action FROM audit_log ORDER BY seq")).scalars())

    def job(self, job: Job) -> Job:
        """Return a job as it stands."""
        with self.storage.begin(write=False) as uow:
            found = uow.jobs.get(job.id, None)
        assert found is not None
        return found

    def account(self, job: Job) -> ExchangeAccount:
        """Return the account of a job."""
        with self.storage.begin(write=False) as uow:
            found = uow.accounts.get(job.account_id, {job.client_id})
        assert found is not None
        return found

    def state(self, job: Job) -> SyncState:
        """Return the sync state of a job's account."""
        with self.storage.begin(write=False) as uow:
            return uow.syncing.states(None, account_ids={job.account_id})[0]

    def wallets(self, job: Job) -> dict[str, WalletState]:
        """Return the stored wallets by name."""
        with self.storage.begin(write=False) as uow:
            return {wallet.wallet: wallet for wallet in uow.readings.wallets({job.account_id}, None)}

    def balances(self, job: Job) -> list[HeldBalance]:
        """Return the stored balances."""
        with self.storage.begin(write=False) as uow:
            return uow.readings.balances({job.account_id}, None)

    def amounts(self, job: Job) -> dict[str, Decimal]:
        """Return what is held of each asset over all wallets, less debt."""
        sums: dict[str, Decimal] = {}
        for balance in self.balances(job):
            sums[balance.asset] = sums.get(balance.asset, Decimal(0)) + balance.total - balance.debt
        return sums

    def ledger(self, job: Job) -> dict[str, Decimal]:
        """Return the amounts of all ledger rows by wallet and key."""
        return {f"{row.wallet}/{row.dedupe_key}": row.amount for row in self.ledger_rows(job)}

    def ledger_rows(self, job: Job, wallet: str | None = None, asset: str | None = None) -> list[LedgerRow]:
        """Return the stored ledger rows, all or of one wallet and asset."""
        since, until = datetime(2000, 1, 1, tzinfo=UTC), self.clock() + timedelta(days=1)
        kinds = {kind.value for kind in LedgerKind}
        with self.storage.begin(write=False) as uow:
            rows = uow.ledger.flows({job.account_id}, None, since=since, until=until, kinds=kinds)
        return [row for row in rows if wallet in (None, row.wallet) and asset in (None, row.asset)]

    def has_key(self, job: Job) -> bool:
        """Tell whether a credential is stored for a job's account."""
        return self.sealed(job) is not None

    # what the exchange knows

    def truth(self, key: str, exchange: str = EXCHANGE) -> dict[str, Decimal]:
        """Return what the exchange holds of each asset for the account of a key."""
        held: dict[str, Decimal] = {}
        for wallet in self.world(key, exchange)["wallets"].values():  # type: ignore[attr-defined]
            for asset, amount in wallet["balances"].items():
                held[asset] = held.get(asset, Decimal(0)) + amount
        return {asset: amount for asset, amount in held.items() if amount}

    def world(self, key: str, exchange: str = EXCHANGE) -> Mapping[str, object]:
        """Return the truth table of a key's account."""
        return self.sandbox.truth(self.sandbox.key(exchange, key).uid)

    def requests(self, key: str | None = None, exchange: str = EXCHANGE) -> dict[str, int]:
        """Return how often each path was asked, by this key or by anybody."""
        hint = None if key is None else self.sandbox.key(exchange, key).api_key[-4:]
        counts: dict[str, int] = {}
        for row in self.sandbox.requests.rows():
            if row["exchange"] == exchange and hint in (None, row["key"]):
                counts[row["path"]] = counts.get(row["path"], 0) + row["count"]
        return counts

    def is_done(self, job: Job) -> bool:
        """Tell whether a job ended well."""
        return self.job(job).status is JobStatus.DONE

    def _make_connector(
        self, account: ExchangeAccount, fields: Mapping[str, Secret], _meter: connectors.Meter | None
    ) -> connectors.Connector:
        plain = {name: value.reveal() for name, value in fields.items()}
        return self.wrap(account, self._create(account.exchange, plain, account.testnet))

    def _make_public(self, exchange: str, testnet: bool, _meter: connectors.Meter | None) -> connectors.Connector:
        hosts = self.sandbox.hosts()[exchange]
        return connectors.create_public(exchange, testnet=testnet, hosts=hosts, clock=self.clock)

    def _create(self, exchange: str, fields: Mapping[str, str], testnet: bool) -> connectors.Connector:
        return connectors.create(
            exchange,
            api_key=fields["api_key"],
            api_secret=fields["api_secret"],
            passphrase=fields.get("passphrase"),
            testnet=testnet,
            hosts=self.sandbox.hosts()[exchange],
            clock=self.clock,
        )
