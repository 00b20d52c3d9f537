"""Reading an account wallet by wallet: one that fails is reported as failed, the others stay."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from connectors._base import HALT_ERRORS, RestConnector
from connectors._parse import total
from connectors.errors import (
    AuthAmbiguousError,
    BadKeyError,
    BadPassphraseError,
    BadSignatureError,
    ConnectorError,
    IpNotAllowedError,
    MaintenanceError,
    NetworkError,
    PermissionMissingError,
    RegionBlockedError,
    TimestampSkewError,
)
from connectors.types import Balance, WalletAccount, WalletKind

KEY_ERRORS = (
    BadKeyError, BadSignatureError, BadPassphraseError, AuthAmbiguousError, IpNotAllowedError, PermissionMissingError,
    RegionBlockedError, TimestampSkewError,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class WalletRead:
    """How to read one wallet: its native name, the host it is read from, and the reading function."""

    wallet: str
    host: str
    read: Callable[[], WalletAccount]


def read_wallets(connector: RestConnector, reads: Sequence[WalletRead]) -> tuple[WalletAccount, ...]:
    """Read wallets one by one, the main one first; one that fails is reported as failed, the others stay.

    A key that the first wallet's read refuses, a rate limit and a ban concern the account as a whole: they raise.
    After a host did not answer, its other wallets are not asked. When nothing was read, the first error raises.
    """
    results: list[WalletAccount] = []
    failures: list[ConnectorError] = []
    silent: dict[str, ConnectorError] = {}
    for read in reads:
        try:
            if read.host in silent:
                raise silent[read.host]
            results.append(read.read())
        except HALT_ERRORS:
            raise
        except ConnectorError as e:
            if isinstance(e, KEY_ERRORS) and not results:
                raise
            if isinstance(e, NetworkError | MaintenanceError):
                silent[read.host] = e
            failures.append(e)
            kind: WalletKind = connector.info.wallets[read.wallet]
            results.append(WalletAccount(read.wallet, kind, ok=False, reason=e.code, as_of=connector.now()))
    if failures and len(failures) == len(reads):
        raise failures[0]
    return tuple(results)


def merge_balances(balances: Iterable[Balance]) -> tuple[Balance, ...]:
    """Add up rows of one asset in one wallet (several products, pairs or pages), without rounding."""
    groups: dict[tuple[str, str], list[Balance]] = {}
    for balance in balances:
        groups.setdefault((balance.wallet, balance.asset), []).append(balance)
    return tuple(rows[0] if len(rows) == 1 else _sum(rows) for rows in groups.values())


def _sum(rows: list[Balance]) -> Balance:
    return Balance(
        wallet=rows[0].wallet,
        asset=rows[0].asset,
        free=_add([row.free for row in rows]),
        locked=_add([row.locked for row in rows]),
        total=total(row.total for row in rows),
        debt=total(row.debt for row in rows),
        equity=_add([row.equity for row in rows]),
        unrealized_pnl=_add([row.unrealized_pnl for row in rows]),
        as_of=rows[0].as_of,
    )


def _add(values: list[Decimal | None]) -> Decimal | None:
    known = [value for value in values if value is not None]
    return total(known) if len(known) == len(values) else None
