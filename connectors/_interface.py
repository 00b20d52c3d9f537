"""What the platform may ask of a connector, and the small nouns a connector is made from."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Protocol

import requests

from connectors._reading import Endpoint
from connectors._times import AnswerTimes
from connectors._way import Way
from connectors.types import (
    AccountInfo,
    Balance,
    ClosedPosition,
    ExchangeInfo,
    LedgerEntry,
    LedgerPart,
    Permissions,
    Position,
    Price,
)


class Connector(Protocol):
    """What the platform may ask of an exchange account. Every read raises ConnectorError, or returns a whole result."""

    info: ClassVar[ExchangeInfo]
    usage: dict[str, int]
    times: AnswerTimes
    on_call: Callable[[Endpoint], None] | None
    sent: int

    def get_permissions(self) -> Permissions: ...  # noqa: D102 - described on RestConnector
    def get_account_info(self, *, wallets: Collection[str] | None = None) -> AccountInfo: ...  # noqa: D102
    def get_spot_balances(self) -> list[Balance]: ...  # noqa: D102
    def get_futures_positions(self, *, wallets: Collection[str] | None = None) -> list[Position]: ...  # noqa: D102
    def get_ledger(  # noqa: D102
        self, since: datetime, until: datetime, *, wallets: Collection[str] | None = None
    ) -> list[LedgerEntry]: ...
    def get_ledger_part(  # noqa: D102
        self, since: datetime, until: datetime, *, wallets: Collection[str] | None = None
    ) -> LedgerPart: ...
    def get_closed_positions(self, since: datetime, until: datetime) -> list[ClosedPosition]: ...  # noqa: D102
    def get_prices(self) -> list[Price]: ...  # noqa: D102
    def get_server_time(self) -> datetime: ...  # noqa: D102
    def prepare(  # noqa: D102
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: Any = None,  # noqa: ANN401
        now_ms: int | None = None,
        nonce: int | str | None = None,
    ) -> requests.PreparedRequest: ...
    def read_answer(  # noqa: D102
        self,
        method: str,
        path: str,
        *,
        status: int,
        headers: Mapping[str, str],
        body: Any,  # noqa: ANN401
        params: Mapping[str, Any] | None = None,
        context: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Call:
    """A request before it is signed. `params` keep their order; `body` is JSON data, or None."""

    method: str
    url: str
    params: Mapping[str, Any]
    body: Any
    now_ms: int
    nonce: int | str


@dataclass(frozen=True, slots=True)
class Settings:
    """How a connector was made; `hosts` holds the only base URLs it may send to."""

    hosts: Mapping[str, str]
    clock: Callable[[], datetime]
    testnet: bool = False
    options: Mapping[str, str] | None = None
    way: Way = Way()
