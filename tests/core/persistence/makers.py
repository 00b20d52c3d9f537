"""Objects for storage tests, with everything a test does not care about filled in."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from core.domain.closed import ClosedRow
from core.domain.points import DetailPoint, HeldAsset, OpenLeg, WalletPoint
from core.domain.sync_runs import RunOutcome, SyncRun
from core.domain.types import (
    AccountStatus,
    EquityPoint,
    ExchangeAccount,
    HeldBalance,
    Job,
    JobKind,
    JobStatus,
    LedgerRow,
    OpenPosition,
    Role,
    Scope,
    SealedCredential,
    User,
    WalletState,
)
from core.persistence import SqlStorage
from core.ports import LoginSession, StoredReading

Change = Any  # what dataclasses.replace takes
NOW = datetime(2026, 11, 22, 12, 0, 0, 123456, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def make_user(login: str, **changes: Change) -> User:
    user = User(
        id=uuid4(),
        login=login,
        name=login.title(),
        role=Role.CLIENT,
        currency="USD",
        language="pt_BR",
        time_zone="America/Sao_Paulo",
        is_active=True,
        created_at=NOW,
    )
    return replace(user, **changes)


def make_session(user: User, token_hash: str = "hash", **changes: Change) -> LoginSession:
    session = LoginSession(
        id=uuid4(),
        user_id=user.id,
        token_hash=token_hash,
        created_at=NOW,
        seen_at=NOW,
        authenticated_at=NOW,
        expires_at=NOW + DAY,
        ip="127.0.0.1",
        user_agent="browser",
    )
    return replace(session, **changes)


def make_account(client: User, **changes: Change) -> ExchangeAccount:
    account = ExchangeAccount(
        id=uuid4(),
        user_id=client.id,
        exchange="alpha",
        name="Main",
        testnet=False,
        is_active=True,
        is_main=False,
        status=AccountStatus.ACTIVE,
        hint="1234",
        generation=1,
        created_at=NOW,
        updated_at=NOW,
        options={"region": "eu"},
    )
    return replace(account, **changes)


def make_credential(account: ExchangeAccount, *, generation: int = 1, kid: str = "kid1") -> SealedCredential:
    dek_id = uuid4().hex
    return SealedCredential(
        account_id=account.id,
        client_id=account.user_id,
        exchange=account.exchange,
        generation=generation,
        dek_id=dek_id,
        data_key=f"k1.{kid}.{dek_id}.wrapped",
        api_key=f"f1.{dek_id}.sealed-key",
        secret_key=f"f1.{dek_id}.sealed-secret",
        passphrase=None,
        origin_mac=f"mac-{dek_id}",
    )


def add_account(storage: SqlStorage, client: User, **changes: Change) -> ExchangeAccount:
    account = make_account(client, **changes)
    with storage.begin() as uow:
        uow.accounts.add(account, make_credential(account), f"index-{account.id}")
    return account


def make_job(account: ExchangeAccount, **changes: Change) -> Job:
    job = Job(
        id=uuid4(),
        account_id=account.id,
        client_id=account.user_id,
        kind=JobKind.VERIFY,
        status=JobStatus.QUEUED,
        created_at=NOW,
    )
    return replace(job, **changes)


def make_wallet(account: ExchangeAccount, wallet: str = "spot", **changes: Change) -> WalletState:
    state = WalletState(
        account_id=account.id,
        client_id=account.user_id,
        wallet=wallet,
        kind="spot",
        ok=True,
        attempted_at=NOW,
        as_of=NOW,
        equity=100.5,
        unrealized_pnl=0.0,
        unpriced=("XYZ",),
    )
    return replace(state, **changes)


def make_balance(account: ExchangeAccount, asset: str = "BTC", **changes: Change) -> HeldBalance:
    balance = HeldBalance(
        account_id=account.id,
        client_id=account.user_id,
        wallet="spot",
        kind="spot",
        asset=asset,
        free=Decimal("0.1234567890123456789"),
        locked=None,
        total=Decimal("0.1234567890123456789"),
        debt=Decimal(0),
        price=Decimal("65000.10"),
        value=8024.7,
        as_of=NOW,
    )
    return replace(balance, **changes)


def make_position(account: ExchangeAccount, symbol: str = "BTC/USDT:USDT", **changes: Change) -> OpenPosition:
    position = OpenPosition(
        account_id=account.id,
        client_id=account.user_id,
        wallet="futures",
        symbol=symbol,
        venue_symbol="BTCUSDT",
        side="long",
        size_base=Decimal("0.5"),
        settle_asset="USDT",
        as_of=NOW,
        entry_price=Decimal("60000"),
        leverage=Decimal("10"),
        hedged=False,
        unrealized_usd=12.5,
    )
    return replace(position, **changes)


def make_ledger(account: ExchangeAccount, key: str = "1", **changes: Change) -> LedgerRow:
    row = LedgerRow(
        account_id=account.id,
        client_id=account.user_id,
        wallet="spot",
        dedupe_key=key,
        native_id=key,
        kind="deposit",
        asset="USDT",
        amount=Decimal("1000.00000001"),
        booked_at=NOW,
    )
    return replace(row, **changes)


def make_closed(account: ExchangeAccount, native_id: str = "1", **changes: Change) -> ClosedRow:
    row = ClosedRow(
        account_id=account.id,
        client_id=account.user_id,
        native_id=native_id,
        closed_at=NOW,
        symbol="BTC/USDT:USDT",
        venue_symbol="BTCUSDT",
        side="long",
        settle_asset="USDT",
        net_pnl=Decimal("12.34"),
        size_base=Decimal("0.5"),
        entry_price=Decimal(60000),
        exit_price=Decimal("60030.00000001"),
        gross_pnl=Decimal("15.00"),
        fee=Decimal("-2.00"),
        funding=Decimal("-0.66"),
        price=Decimal(1),
        opened_at=NOW - HOUR,
    )
    return replace(row, **changes)


def make_reading(
    account: ExchangeAccount, at: datetime = NOW, equity: float = 100.0, **changes: Change
) -> StoredReading:
    reading = StoredReading(
        account_id=account.id,
        client_id=account.user_id,
        slot=int(at.timestamp()) // 30,
        at=at,
        wallets=(make_wallet(account, attempted_at=at, as_of=at, equity=equity),),
        fresh_wallets=("spot",),
        balances=(make_balance(account),),
        positions=(),
        equity=equity,
        unrealized_pnl=1.0,
        complete=True,
    )
    return replace(reading, **changes)


def make_point(account_id: UUID, client_id: UUID, at: datetime, equity: float, **changes: Change) -> EquityPoint:
    point = EquityPoint(account_id, client_id, at, equity, 0.0, True, equity, equity, equity)
    return replace(point, **changes)


def make_detail(at: datetime, *amounts: str, wallet: str = "spot", ok: bool = True) -> DetailPoint:
    """Return a point of one wallet that holds these amounts of USDT, BTC and ETH."""
    assets = ("USDT", "BTC", "ETH")
    held = tuple(HeldAsset(asset, Decimal(amount), Decimal(1)) for asset, amount in zip(assets, amounts, strict=False))
    return DetailPoint(at, (WalletPoint(wallet, ok, held if ok else ()),))


def make_leg(symbol: str = "BTC/USDT:USDT", **changes: Change) -> OpenLeg:
    leg = OpenLeg(
        symbol, "long", "USDT", qty=Decimal("0.5"), upnl=Decimal("12.345678901234567890"), mark=Decimal(60000)
    )
    return replace(leg, **changes)


def make_run(account: ExchangeAccount, number: int = 1, **changes: Change) -> SyncRun:
    at = NOW + timedelta(seconds=30 * number)
    run = SyncRun(
        account_id=account.id,
        client_id=account.user_id,
        number=number,
        slot=int(at.timestamp()) // 30,
        sidecar_id="one",
        started_at=at,
        ended_at=at + timedelta(milliseconds=700),
        outcome=RunOutcome.OK,
        requests=3,
    )
    return replace(run, **changes)


def scope_of(user: User) -> Scope:
    """Return the scope of a client who looks at what is theirs."""
    return Scope(user.id, user.role, frozenset({user.id}))
