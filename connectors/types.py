"""What an exchange reports, as pure data: no network, no parsing, no platform nouns.

Every amount is a Decimal, every instant an aware UTC datetime. None means "the exchange does not say", never zero.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum


class Capability(StrEnum):
    """A read that an exchange offers; what is not listed raises NotSupportedError."""

    PERMISSIONS = "permissions"
    ACCOUNT_INFO = "account_info"
    SPOT_BALANCES = "spot_balances"
    FUTURES_POSITIONS = "futures_positions"
    LEDGER = "ledger"
    CLOSED_POSITIONS = "closed_positions"
    PRICES = "prices"
    SERVER_TIME = "server_time"


class WalletKind(StrEnum):
    """The platform-wide kinds of a wallet; `wallet` keeps the exchange's own name."""

    SPOT = "spot"
    FUNDING = "funding"
    EARN = "earn"
    MARGIN = "margin"
    FUTURES_LINEAR = "futures_linear"
    FUTURES_INVERSE = "futures_inverse"
    UNIFIED = "unified"
    OPTIONS = "options"


class Side(StrEnum):
    """Direction of a position."""

    LONG = "long"
    SHORT = "short"


class LedgerKind(StrEnum):
    """Kinds of a ledger entry as connectors report them."""

    REALIZED_PNL = "realized_pnl"
    FUNDING = "funding"
    FEE = "fee"
    REBATE = "rebate"
    LIQUIDATION_FEE = "liquidation_fee"
    INTEREST = "interest"
    REWARD = "reward"
    AIRDROP = "airdrop"
    BONUS = "bonus"
    DEPOSIT = "deposit"
    WITHDRAWAL = "withdrawal"
    TRANSFER_IN = "transfer_in"
    TRANSFER_OUT = "transfer_out"
    TRADE = "trade"
    CONVERSION = "conversion"
    SETTLEMENT = "settlement"
    OPTION_PREMIUM = "option_premium"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class CredentialField:
    """One input of the add-account form.

    `name` is api_key, api_secret, passphrase, or a key of `options`. `kind` is text, password or choice. `pattern` and
    `usual_length` describe what the exchange usually issues: a mismatch warns, it never refuses.
    """

    name: str
    kind: str = "password"
    required: bool = True
    secret: bool = True
    pattern: str | None = None
    usual_length: tuple[int, int] | None = None
    multiline: bool = False
    choices: tuple[str, ...] = ()
    default: str | None = None


@dataclass(frozen=True, slots=True)
class RateLimit:
    """A published limit: `limit` units per `window_seconds`, shared by `scope` (ip, uid or key).

    Each endpoint that names it has a count of its own, but for a `pool`: that is one count for all of them. Of an
    `overall` limit every call uses one unit, whatever other limit its endpoint names.
    """

    name: str
    limit: int
    window_seconds: int
    scope: str
    pool: bool = False
    overall: bool = False


@dataclass(frozen=True, slots=True)
class Cost:
    """What one request takes of one count that a whole address shares: `units` of `limit` per `window_seconds`."""

    bucket: str
    units: int
    limit: int
    window_seconds: int


@dataclass(frozen=True, slots=True)
class ExchangeInfo:
    """The facts of an exchange that forms, jobs and documentation are drawn from.

    `history` is how many days a wallet's ledger reaches back: all where it is not named, 0 where there is none.
    """

    id: str
    name: str
    docs_url: str
    credential_fields: tuple[CredentialField, ...]
    capabilities: frozenset[Capability]
    wallets: Mapping[str, WalletKind]
    has_testnet: bool
    rate_limits: tuple[RateLimit, ...] = ()
    hosts: Mapping[str, str] = field(default_factory=dict)
    testnet_hosts: Mapping[str, str] = field(default_factory=dict)
    key_page_url: str = ""
    history: Mapping[str, int] = field(default_factory=dict)
    modes: tuple[str, ...] = ("classic",)
    key_facts: frozenset[str] = frozenset()
    windows: Mapping[str, int] = field(default_factory=dict)
    quirks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Permissions:
    """What an API key may do. None is unknown and must never be taken for safe.

    `uid` is the exchange's own account id where the permission read tells it.
    """

    read: bool | None
    trade: bool | None
    transfer: bool | None
    withdraw: bool | None
    ip_restricted: bool | None
    expires_at: datetime | None = None
    uid: str | None = None


@dataclass(frozen=True, slots=True)
class Balance:
    """One asset in one wallet; debt >= 0.

    `total` is cash without unrealised P&L, what is borrowed included; `equity` is total less debt with unrealised P&L
    (None where the exchange gives no such figure).
    """

    wallet: str
    asset: str
    free: Decimal | None
    locked: Decimal | None
    total: Decimal
    debt: Decimal = Decimal(0)
    equity: Decimal | None = None
    unrealized_pnl: Decimal | None = None
    as_of: datetime | None = None


@dataclass(frozen=True, slots=True)
class WalletAccount:
    """One wallet of an account: read whole (`ok`) or failed with a reason code; a failed wallet has no balances.

    Money fields are in `currency` where the exchange gives them, else None. `margin_ratio` is the exchange's own figure
    as maintenance margin over margin balance (0.05, liquidation at 1), whichever way round the exchange states it.
    """

    wallet: str
    kind: WalletKind
    ok: bool
    reason: str | None = None
    balances: tuple[Balance, ...] = ()
    equity: Decimal | None = None
    wallet_balance: Decimal | None = None
    unrealized_pnl: Decimal | None = None
    initial_margin: Decimal | None = None
    maintenance_margin: Decimal | None = None
    currency: str | None = None
    as_of: datetime | None = None
    margin_ratio: Decimal | None = None


@dataclass(frozen=True, slots=True)
class AccountInfo:
    """All wallets of an account at one reading.

    `mode` is classic, unified or portfolio_margin; `uid` is the exchange's own account id.
    """

    wallets: tuple[WalletAccount, ...]
    mode: str
    as_of: datetime
    uid: str | None = None


@dataclass(frozen=True, slots=True)
class Position:
    """An open derivatives position. `size_base` > 0 in base units, direction in `side`; P&L in `settle_asset`.

    `opened_at` is when this position (not the first one of its contract) was opened, where the exchange tells it.
    """

    wallet: str
    symbol: str
    venue_symbol: str
    side: Side
    size_base: Decimal
    settle_asset: str
    entry_price: Decimal | None
    mark_price: Decimal | None
    unrealized_pnl: Decimal | None
    contracts: Decimal | None = None
    contract_size: Decimal | None = None
    contract_size_unit: str | None = None
    liquidation_price: Decimal | None = None
    leverage: Decimal | None = None
    margin_mode: str | None = None
    hedged: bool | None = None
    inverse: bool = False
    as_of: datetime | None = None
    opened_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One signed change of a balance. `id` is the exchange's own, `dedupe_key` is unique within (account, wallet).

    `internal` is True where the exchange says that the money moved between accounts of one owner at this exchange.
    """

    id: str
    dedupe_key: str
    kind: LedgerKind
    wallet: str
    asset: str
    amount: Decimal
    booked_at: datetime
    symbol: str | None = None
    venue_symbol: str | None = None
    venue_type: str | None = None
    txid: str | None = None
    ref: str | None = None
    internal: bool | None = None


@dataclass(frozen=True, slots=True)
class LedgerPart:
    """A ledger as far as an account's limits let it be read: what was booked before `read_to` is in it, later may be.

    `complete` is True for the whole that was asked for; else the next part begins at `read_to`.
    """

    entries: tuple[LedgerEntry, ...]
    read_to: datetime
    complete: bool = True


@dataclass(frozen=True, slots=True)
class ClosedPosition:
    """A position from flat to flat. fee and funding are signed (paid < 0), all in `settle_asset`."""

    id: str
    symbol: str
    venue_symbol: str
    side: Side
    size_base: Decimal | None
    entry_price: Decimal | None
    exit_price: Decimal | None
    net_pnl: Decimal
    settle_asset: str
    closed_at: datetime
    gross_pnl: Decimal | None = None
    fee: Decimal | None = None
    funding: Decimal | None = None
    opened_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Price:
    """Last traded price: `value` units of `quote` for one `asset`."""

    asset: str
    quote: str
    value: Decimal
    source: str
    as_of: datetime


@dataclass(frozen=True, slots=True)
class FxRate:
    """Units of a currency for one US dollar, from `at` on until the next one; `source` tells who says so."""

    currency: str
    at: datetime
    per_usd: Decimal
    source: str
