"""Small accounts, wallets and prices for the tests of the engine."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

from connectors.types import AccountInfo, Balance, LedgerEntry, LedgerKind, Position, Side, WalletAccount, WalletKind
from core.domain.types import AccountStatus, ExchangeAccount, SyncState

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
CLIENT = UUID("11111111-1111-4111-8111-111111111111")
ACCOUNT = UUID("22222222-2222-4222-8222-222222222222")


def account(
    *, is_main: bool = True, status: AccountStatus = AccountStatus.ACTIVE, uid: str | None = None
) -> ExchangeAccount:
    return ExchangeAccount(
        id=ACCOUNT, user_id=CLIENT, exchange="acme", name="Acme", testnet=False, is_active=True, is_main=is_main,
        status=status, hint="abcd", generation=1, created_at=NOON, updated_at=NOON, uid=uid,
    )  # fmt: skip


def state(*, read_to: datetime | None = None, since: datetime | None = None) -> SyncState:
    return SyncState(ACCOUNT, CLIENT, 30, NOON, 1, ledger_read_to=read_to, ledger_since=since)


def balance(wallet: str, asset: str, total: str, **more: str) -> Balance:
    amounts = {name: Decimal(value) for name, value in more.items()}
    return Balance(wallet, asset, free=Decimal(total), locked=Decimal(0), total=Decimal(total), **amounts)  # type: ignore[arg-type]


def wallet(name: str, *balances: Balance, kind: WalletKind = WalletKind.SPOT) -> WalletAccount:
    return WalletAccount(name, kind, ok=True, balances=balances)


def failed(name: str, reason: str = "network", kind: WalletKind = WalletKind.SPOT) -> WalletAccount:
    return WalletAccount(name, kind, ok=False, reason=reason)


def info(*wallets: WalletAccount, uid: str | None = None) -> AccountInfo:
    return AccountInfo(wallets, mode="classic", as_of=NOON, uid=uid)


def position(wallet: str = "usdm", *, pnl: str | None = "5", settle: str = "USDT", inverse: bool = False) -> Position:
    return Position(
        wallet=wallet, symbol="BTC/USDT:USDT", venue_symbol="BTCUSDT", side=Side.LONG, size_base=Decimal("0.5"),
        settle_asset=settle, entry_price=Decimal(59990), mark_price=Decimal(60000),
        unrealized_pnl=None if pnl is None else Decimal(pnl), inverse=inverse,
    )  # fmt: skip


def entry(key: str, amount: str, booked_at: datetime, asset: str = "BTC") -> LedgerEntry:
    return LedgerEntry(f"id-{key}", key, LedgerKind.DEPOSIT, "spot", asset, Decimal(amount), booked_at)


def prices(table: Mapping[str, str]) -> Callable[[str], Decimal | None]:
    return {asset: Decimal(price) for asset, price in table.items()}.get
