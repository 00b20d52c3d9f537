"""An office for the account services: both roles of a real database, the real vault, two clients and the staff."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

from sqlalchemy import text

from connectors.types import CredentialField, ExchangeInfo
from core.bootstrap import ConnectorLibrary
from core.bootstrap.adapters import SealingVault
from core.domain.points import DetailPoint, HeldAsset, WalletPoint
from core.domain.types import AccountStatus, ExchangeAccount, Job, Role, Scope, User
from core.persistence import SqlStorage
from core.security.app_key import AppKey
from core.security.keyring import VaultPrivateKey
from core.security.vault import Sealer
from core.services.account_keys import NewAccount, NewKey, add_account
from core.services.overview import ALL, load_overview
from core.services.overview_types import Overview
from tests.core.persistence.makers import (
    Change,
    make_account,
    make_credential,
    make_ledger,
    make_reading,
    make_user,
    make_wallet,
)

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
API_KEY = "canary-api-key-0001-abcd"
API_SECRET = "canary-secret-0002"
PASSPHRASE = " canary passphrase 0003 "
EXCHANGE, WITH_PASSPHRASE, WITH_CHOICE = "binance", "bitget", "bybit"


class Library(ConnectorLibrary):
    """The connector library, and one exchange without a testnet."""

    def __init__(self) -> None:
        super().__init__({})

    def available(self) -> list[str]:
        return [*super().available(), "plain"]

    def describe(self, exchange: str) -> ExchangeInfo:
        if exchange != "plain":
            return super().describe(exchange)
        fields = (CredentialField("api_key", secret=False), CredentialField("api_secret"))
        return ExchangeInfo("plain", "Plain", "", fields, frozenset(), {}, has_testnet=False)


@dataclass
class Office:
    """Everything that the account services take. `web` may not read sealed columns, `sync` may."""

    web: SqlStorage
    sync: SqlStorage
    url: str
    exchanges: ConnectorLibrary = field(default_factory=Library)
    key: VaultPrivateKey = field(default_factory=VaultPrivateKey.generate)
    app_key: AppKey = field(default_factory=lambda: AppKey(bytes(range(32))))

    def __post_init__(self) -> None:
        self.sealer = SealingVault(Sealer(self.key.public, self.app_key))
        self.ana, self.bruno = self.add_person("ana"), self.add_person("bruno")
        self.root, self.eva = self.add_person("root", Role.ADMIN), self.add_person("eva", Role.ANALYST)
        self.mine = self.scope(self.ana)
        self.admin = self.scope(self.root)
        self.analyst = replace(self.scope(self.eva), client_ids=frozenset({self.ana.id}))

    def add_person(self, login: str, role: Role = Role.CLIENT) -> User:
        user = make_user(login, role=role)
        with self.sync.begin() as uow:
            uow.users.add(user, None)
        return user

    def scope(self, user: User) -> Scope:
        """Return the scope of somebody who has just signed in."""
        clients = None if user.role is Role.ADMIN else frozenset({user.id})
        return Scope(user.id, user.role, clients, authenticated_at=NOW, ip="192.0.2.1")

    def stale(self, scope: Scope) -> Scope:
        """Return the same scope, signed in eleven minutes ago."""
        return replace(scope, authenticated_at=NOW - timedelta(minutes=11))

    def new(self, name: str = "Binance", exchange: str = EXCHANGE, **changes: object) -> NewAccount:
        """Return a filled-in form of Ana's."""
        fields = {"api_key": API_KEY, "api_secret": API_SECRET}
        if exchange == WITH_PASSPHRASE:
            fields["passphrase"] = PASSPHRASE
        return replace(NewAccount(self.ana.id, exchange, name, NewKey(fields)), **changes)  # type: ignore[arg-type]

    def submit(self, new: NewAccount | None = None, scope: Scope | None = None) -> Job:
        """Hand a form in."""
        return add_account(self.web, self.exchanges, self.sealer, scope or self.mine, new or self.new(), now=NOW)

    def account(self, name: str, client: User | None = None, **changes: Change) -> ExchangeAccount:
        """Store an account as it stands some time after its verification."""
        fields = {"exchange": EXCHANGE, "created_at": NOW - timedelta(days=400), "options": {}, **changes}
        account = make_account(client or self.ana, name=name, **fields)
        with self.sync.begin() as uow:
            uow.accounts.add(account, make_credential(account), f"index-{account.id}")
        return account

    def unknown_to_ana(self) -> list[UUID]:
        """Return ids that Ana can know nothing of: nobody's, Bruno's, and that of an account she has removed."""
        removed = self.account("Removed")
        with self.sync.begin() as uow:
            uow.accounts.remove(removed, NOW)
        return [uuid4(), self.account("Foreign", self.bruno).id, removed.id]

    def stored(self, account_id: UUID) -> ExchangeAccount:
        """Return an account as it is stored."""
        with self.sync.begin(write=False) as uow:
            found = uow.accounts.get(account_id, None)
        assert found is not None
        return found

    def mains(self, client: User | None = None) -> list[str]:
        """Return the names of a client's main accounts (one, it should be)."""
        with self.sync.begin(write=False) as uow:
            return [account.name for account in uow.accounts.all({(client or self.ana).id}) if account.is_main]

    def set_status(self, account_id: UUID, status: AccountStatus, reason: str | None = None) -> None:
        """Store a status as the sidecar does."""
        with self.sync.begin() as uow:
            uow.accounts.set_status(self.stored(account_id), status, reason, NOW)

    def audit(self) -> list[tuple[str, UUID, UUID, Mapping[str, str]]]:
        """Return action, actor, client and details of what was audited."""
        statement = text("SELECT action, actor_id, client_id, details FROM audit_log ORDER BY seq")
        with self.sync.engine.connect() as connection:
            rows = connection.execute(statement).all()
        return [
            (action, UUID(str(actor)), UUID(str(client)), json.loads(details) if isinstance(details, str) else details)
            for action, actor, client, details in rows
        ]

    def actions(self) -> list[str]:
        """Return what was audited, in order."""
        return [action for action, *_ in self.audit()]

    def due(self, account_id: UUID) -> bool:
        """Tell whether the sidecar is to read the account now."""
        with self.sync.begin(write=False) as uow:
            return any(state.next_due_at <= NOW for state in uow.syncing.states(None, account_ids=[account_id]))

    # what the sidecar stores

    def read(self, account: ExchangeAccount, at: datetime, equity: float, **changes: Change) -> None:
        """Store a reading of one wallet, which was read for the first time if it was never read before."""
        wallet = make_wallet(account, attempted_at=at, as_of=at, equity=equity, unpriced=())
        wallet = replace(wallet, first_ok_at=at, first_equity=equity)
        held = HeldAsset("USDT", Decimal(str(equity)), Decimal(1))
        details = DetailPoint(at, (WalletPoint("spot", True, (held,)),))
        reading = make_reading(account, at, equity, **{"wallets": (wallet,), "details": details, **changes})
        with self.sync.begin() as uow:
            uow.readings.store(reading)

    def book(self, account: ExchangeAccount, at: datetime, amount: str, **changes: Change) -> None:
        """Store a deposit (or a withdrawal, where the amount is negative) of USDT."""
        kind = "withdrawal" if amount.startswith("-") else "deposit"
        booked = {"kind": kind, "amount": Decimal(amount), "booked_at": at, "price": Decimal(1), **changes}
        with self.sync.begin() as uow:
            uow.ledger.add([make_ledger(account, f"{at.isoformat()}{amount}", **booked)])

    def end_slot(
        self,
        account: ExchangeAccount,
        at: datetime,
        *,
        error_code: str | None = None,
        read_to: datetime | None = None,
    ) -> None:
        """Store how a slot ended and how far the ledger was read."""
        with self.sync.begin() as uow:
            lease = uow.syncing.claim_one(account.id, at, owner="one", lease_seconds=60)
            assert lease is not None
            if read_to is not None:
                uow.syncing.set_ledger(lease, read_to=read_to, since=read_to - timedelta(days=90))
            uow.syncing.release(lease, next_due_at=at, interval_seconds=30, now=at, error_code=error_code)


def look(office: Office, view: str | UUID = ALL, **changes: Change) -> Overview:
    """Return what Ana sees of her accounts."""
    asked = {"client_id": office.ana.id, "view": str(view), "now": NOW, **changes}
    return load_overview(office.web, asked.pop("scope", office.mine), **asked)


def equity_of(overview: Overview) -> float | None:
    """Return the sum at the top of the page."""
    return overview.equity.value
