"""A real installation for the screens' tests: SQLite, keys, stored readings, and AppTest as the browser."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from streamlit.testing.v1 import AppTest

from core.bootstrap import Web, create_keys, utc_now
from core.bootstrap.parts import get_web
from core.config import load_settings
from core.domain.types import AccountStatus, ExchangeAccount, Heartbeat, Role, User
from core.persistence import SqlStorage
from tests.core.persistence import makers
from tests.databases import chain_for_tests

Change = Any  # what dataclasses.replace takes
ROUTER = str(Path(__file__).parents[3] / "core" / "ui" / "main.py")
PAGES = (
    "overview", "risk", "results", "ledger", "accounts", "add_account", "clients", "settings", "sync_health",
)  # fmt: skip
LONGEST_SECONDS = 30
SECOND = timedelta(seconds=1)


class ScreenHouse:
    """The installation behind the screens, and short words for what is stored in it."""

    def __init__(self, url: str) -> None:
        """Make keys for the database that the environment names, and keep a second way in for the fixtures."""
        self.settings = load_settings()
        self.settings.data_dir.mkdir(parents=True, exist_ok=True)
        create_keys(self.settings)
        self.storage = SqlStorage(url, role="sync", audit_chain=chain_for_tests)
        self.web: Web = get_web()
        self.now = utc_now()
        self.beat()

    def close(self) -> None:
        """Close both ways into the database."""
        self.storage.dispose()
        self.web.storage.dispose()

    def beat(self, *, age: timedelta = SECOND, keys: str = "ok") -> None:
        """Store a sidecar's sign of life."""
        with self.storage.begin() as uow:
            uow.syncing.beat(Heartbeat("one", self.now - timedelta(hours=1), self.now - age, keys))

    def person(self, login: str = "ana", **changes: Change) -> User:
        """Store a person."""
        user = makers.make_user(login, created_at=self.now, **changes)
        with self.storage.begin() as uow:
            uow.users.add(user, None)
        return user

    def admin(self) -> User:
        """Store an administrator."""
        return self.person("root", role=Role.ADMIN)

    def account(self, client: User, name: str = "Binance", **changes: Change) -> ExchangeAccount:
        """Store an exchange account; active and main unless told otherwise."""
        usual: dict[str, Any] = {"exchange": "binance", "is_main": True, "created_at": self.now, "options": {}}
        account = makers.add_account(self.storage, client, name=name, **{**usual, **changes})
        with self.storage.begin() as uow:
            uow.syncing.ensure(account.id, client.id, self.now, 30)
        return account

    def read(self, account: ExchangeAccount, *, equity: float = 1234.5, days: int = 2, **changes: Change) -> None:
        """Store an hourly history and a reading of a moment ago: a spot wallet with BTC and a futures position."""
        at = self.now - 5 * SECOND
        first = at - timedelta(days=days)
        wallet = makers.make_wallet(
            account,
            as_of=at,
            attempted_at=at,
            equity=equity,
            unrealized_pnl=-12.5,
            unpriced=(),
            first_ok_at=first,
            first_equity=equity - 100,
        )
        held = Decimal("0.5")
        balance = makers.make_balance(account, total=held, free=held, value=equity, as_of=at)
        position = makers.make_position(account, wallet="spot", as_of=at, unrealized_usd=-12.5)
        reading = makers.make_reading(
            account, at, equity, wallets=(wallet,), balances=(balance,), positions=(position,), unrealized_pnl=-12.5,
            details=makers.make_detail(at, str(equity)),
        )  # fmt: skip
        with self.storage.begin() as uow:
            for hours in range(days * 24, 0, -1):
                past = at - timedelta(hours=hours)
                worth = equity - hours
                details = makers.make_detail(past, str(worth))
                uow.readings.store(makers.make_reading(account, past, worth, wallets=(), balances=(), details=details))
            uow.readings.store(replace(reading, **changes))
            lease = uow.syncing.claim_one(account.id, self.now, owner="one", lease_seconds=60)
            assert lease is not None
            uow.syncing.release(lease, next_due_at=self.now + 30 * SECOND, interval_seconds=30, now=at)

    def fail(self, account: ExchangeAccount, code: str) -> None:
        """Store that the last try to read the account failed."""
        with self.storage.begin() as uow:
            uow.accounts.set_status(account, AccountStatus.NEEDS_ATTENTION, code, self.now)
            lease = uow.syncing.claim_one(account.id, self.now, owner="one", lease_seconds=60)
            assert lease is not None
            due = self.now + timedelta(minutes=15)
            uow.syncing.release(lease, next_due_at=due, interval_seconds=30, now=self.now, error_code=code)

    def screen(
        self, user: User | None, page: str = "overview", *, login_age: timedelta = SECOND, **url: str
    ) -> AppTest:
        """Return the app as the person's browser shows it on a page; nobody is signed in when there is no user."""
        at = AppTest.from_file(ROUTER, default_timeout=LONGEST_SECONDS)
        if user is not None:
            at.user = {"session_ref": str(self.sign_in(user, login_age))}
        for name, value in url.items():
            at.query_params[name] = value
        at.run()
        if page != "overview" and not at.exception:
            at.switch_page(f"../../pages/{page}.py").run()
        return at

    def sign_in(self, user: User, login_age: timedelta = SECOND) -> UUID:
        """Store a login session and return its id."""
        session = makers.make_session(
            user,
            token_hash=uuid4().hex,
            created_at=self.now - login_age,
            seen_at=self.now - SECOND,
            authenticated_at=self.now - login_age,
            expires_at=self.now + timedelta(hours=1),
        )
        with self.storage.begin() as uow:
            uow.sessions.add(session)
        return session.id


def words(at: AppTest) -> str:
    """Return everything that is written on the screen, as one text."""
    kinds = (at.title, at.header, at.markdown, at.caption, at.metric, at.error, at.warning, at.info, at.success)
    texts = [str(getattr(element, "value", "")) for kind in kinds for element in kind]
    texts += [str(getattr(element, "label", "")) for kind in (at.metric, at.button, at.text_input) for element in kind]
    texts += [str(element.proto.title) for kind in (at.error, at.warning, at.success, at.info) for element in kind]
    return "\n".join(texts)
