"""The machinery every connector stands on: the public interface, and the only code that sends."""

import secrets
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from decimal import localcontext
from typing import Any, ClassVar
from urllib.parse import quote, urlencode

import requests

from connectors import _http
from connectors._credentials import Credentials
from connectors._interface import Call, Settings
from connectors._pace import AT_ONCE, Pace, hold
from connectors._parse import EXACT, JsonError, from_ms, read_body, to_ms
from connectors._reading import Answer, Endpoint, Parser, Reading
from connectors._reply import Headers, Received
from connectors._status import check_status, failure
from connectors._times import AnswerTimes
from connectors._way import Gate
from connectors._wire import split_url
from connectors.errors import (
    BadResponseError,
    CredentialError,
    ExchangeError,
    IpBannedError,
    NetworkError,
    NotSupportedError,
    RateLimitedError,
    TimestampSkewError,
)
from connectors.types import (
    AccountInfo,
    Balance,
    Capability,
    ClosedPosition,
    ExchangeInfo,
    LedgerEntry,
    LedgerPart,
    Permissions,
    Position,
    Price,
)

RETRIES = 2
RETRY_SECONDS = 0.4
MAX_PAGES = 1000
HALT_ERRORS = (RateLimitedError, IpBannedError)
_SHAPE_ERRORS = (KeyError, IndexError, TypeError, ValueError, AttributeError, ArithmeticError)


class RestConnector(ABC):
    """A connector over REST: an exchange adds `info`, `endpoints`, `time_endpoint`, `readers`, `sign` and `check`.

    `readers` maps (method, path template) to the parser of that answer; parsers are functions of an Answer.
    """

    info: ClassVar[ExchangeInfo]
    endpoints: ClassVar[tuple[Endpoint, ...]]
    time_endpoint: ClassVar[Endpoint]
    readers: ClassVar[Mapping[tuple[str, str], Parser]]
    usage_headers: ClassVar[tuple[str, ...]] = ()
    address_headers: ClassVar[tuple[str, ...]] = ()  # those that tell what the address has used of the call's limit
    answer_time: ClassVar[str] = ""  # field of the envelope that tells when an answer was made
    in_turn: ClassVar[bool] = False  # one request at a time per connector, where a nonce must arrive in order

    def __init__(self, credentials: Credentials | None, settings: Settings) -> None:
        self._given = credentials
        self._settings = settings
        self._offset_ms: int | None = None
        self._last_nonce = 0
        self._lock = threading.RLock()
        self.usage: dict[str, int] = {}
        self.times = AnswerTimes(self.answer_time)
        self.on_call: Callable[[Endpoint], None] | None = None
        self.sent = 0  # requests, retries included
        self._origins = {split_url(base)[0] for base in settings.hosts.values()}
        self._pace = Pace(self.info.rate_limits)
        self._gate = Gate(self.info, settings.way, told_by=self.address_headers, testnet=settings.testnet)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.info.id}{' testnet' if self._settings.testnet else ''}>"

    @property
    def credentials(self) -> Credentials:
        """The key of this connector.

        Raises:
            CredentialError: a public connector has none.
        """
        if self._given is None:
            raise CredentialError("api_key", "empty")
        return self._given

    # what an exchange writes

    @abstractmethod
    def sign(self, call: Call) -> requests.PreparedRequest:
        """Return the signed request exactly as it goes on the wire; pure but for the credentials."""

    @abstractmethod
    def check(self, answer: Answer) -> None:
        """Raise the class that the body, or else the status, stands for; return when it is a success.

        Plain HTTP failures need no mention: `check_status` follows.
        """

    # what the platform asks

    def get_permissions(self) -> Permissions:
        """Return what the key may do."""
        raise self._unsupported(Capability.PERMISSIONS)

    def get_account_info(self, *, wallets: Collection[str] | None = None) -> AccountInfo:
        """Return all wallets of the account, each read whole or failed with a reason; `wallets` restricts the reads."""
        raise self._unsupported(Capability.ACCOUNT_INFO)

    def get_spot_balances(self) -> list[Balance]:
        """Return spot holdings."""
        raise self._unsupported(Capability.SPOT_BALANCES)

    def get_futures_positions(self, *, wallets: Collection[str] | None = None) -> list[Position]:
        """Return open derivatives positions; `wallets` restricts the reads."""
        raise self._unsupported(Capability.FUTURES_POSITIONS)

    def get_ledger(
        self, since: datetime, until: datetime, *, wallets: Collection[str] | None = None
    ) -> list[LedgerEntry]:
        """Return what changed balances in [since, until], oldest first; `wallets` restricts the reads."""
        raise self._unsupported(Capability.LEDGER)

    def get_ledger_part(
        self, since: datetime, until: datetime, *, wallets: Collection[str] | None = None
    ) -> LedgerPart:
        """Return the ledger in [since, until] as far as it can be read now; here the whole of it, or an error.

        An exchange whose limits allow a few pages at once overrides this, so that a long ledger is read in pieces.
        """
        return LedgerPart(tuple(self.get_ledger(since, until, wallets=wallets)), until)

    def get_closed_positions(self, since: datetime, until: datetime) -> list[ClosedPosition]:
        """Return positions closed in [since, until], oldest first."""
        raise self._unsupported(Capability.CLOSED_POSITIONS)

    def get_prices(self) -> list[Price]:
        """Return last traded spot prices (public)."""
        raise self._unsupported(Capability.PRICES)

    def get_server_time(self) -> datetime:
        """Ask the exchange's clock, and sign by it from now on."""
        return self._ask_clock(time.monotonic() + _http.DEADLINE_SECONDS)

    def _ask_clock(self, end: float) -> datetime:
        asked = to_ms(self._settings.clock())
        server_ms = self.parse(self.fetch(self.time_endpoint, end=end)).server_time_ms
        if server_ms is None:
            raise BadResponseError("no-time", self.time_endpoint.path, exchange=self.info.id)
        self._offset_ms = server_ms - (asked + to_ms(self._settings.clock())) // 2
        return from_ms(server_ms)

    @property
    def clock_offset_ms(self) -> int | None:
        """How far the exchange's clock is ahead of ours, in milliseconds; None until it was asked."""
        return self._offset_ms

    def prepare(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: Any = None,  # noqa: ANN401 - JSON data
        now_ms: int | None = None,
        nonce: int | str | None = None,
    ) -> requests.PreparedRequest:
        """Return the signed request as it goes on the wire.

        Args:
            method: HTTP method.
            url: base URL and path, without query.
            params: query, or form where the exchange posts forms, in this order.
            body: JSON body where given.
            now_ms: exchange time in Unix milliseconds; our corrected clock when None.
            nonce: the growing number or random text where the exchange wants one; the next one when None.
        """
        moment = self.now_ms() if now_ms is None else now_ms
        return self.sign(
            Call(method, url, params or {}, body, moment, self.next_nonce(moment) if nonce is None else nonce)
        )

    def read_answer(
        self,
        method: str,
        path: str,
        *,
        status: int,
        headers: Mapping[str, str],
        body: Any,  # noqa: ANN401 - bytes, text or parsed JSON
        params: Mapping[str, Any] | None = None,
        context: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Return the normalised reading of one answer, in plain data, or raise what it stands for."""
        wire = Received(status, Headers(headers.items()), b"")
        answer = replace(self._answer(method, path, wire, given=body, params=params or {}), context=context or {})
        self._examine(answer)
        return self.parse(answer).to_dict()

    # what an exchange's readers use

    def now(self) -> datetime:
        """Return the time by our clock, corrected to the exchange's once that is known."""
        return from_ms(self.now_ms())

    def now_ms(self) -> int:
        """Return `now` in Unix milliseconds."""
        return to_ms(self._settings.clock()) + (self._offset_ms or 0)

    def next_nonce(self, now_ms: int) -> int:
        """Return a number that only ever grows: the time, or the last one plus one."""
        with self._lock:
            self._last_nonce = max(now_ms, self._last_nonce + 1)
            return self._last_nonce

    def has_host(self, key: str) -> bool:
        """Whether this connector may reach the host of that key (a testnet often lacks some)."""
        return key in self._settings.hosts

    def call(
        self, endpoint: Endpoint, params: Mapping[str, Any] | None = None, *, context: Mapping[str, Any] | None = None
    ) -> Reading:
        """Ask one endpoint and return the reading of its answer."""
        answer = self.fetch(endpoint, params)
        return self.parse(replace(answer, context=context) if context else answer)

    def pages(
        self, endpoint: Endpoint, params: Mapping[str, Any], *, context: Mapping[str, Any] | None = None
    ) -> Iterator[Reading]:
        """Walk the pages of an endpoint by each reading's `next`; endless or circling pages are a bad response."""
        seen: list[Mapping[str, Any]] = []
        current: Mapping[str, Any] | None = params
        while current is not None:
            if current in seen or len(seen) >= MAX_PAGES:
                raise BadResponseError("endless-pages", endpoint.path, exchange=self.info.id, retryable=False)
            seen.append(current)
            reading = self.call(endpoint, current, context=context)
            yield reading
            current = reading.next

    def fetch(
        self,
        endpoint: Endpoint,
        params: Mapping[str, Any] | None = None,
        *,
        body: Any = None,  # noqa: ANN401
        end: float | None = None,
    ) -> Answer:
        """Ask one endpoint within one total deadline, with retries where they help; return the checked answer.

        Every attempt is signed anew. Rate limits are never retried here, a wrong clock once. `end` is the deadline by
        the monotonic clock, ten seconds from now when None.
        """
        end = time.monotonic() + _http.DEADLINE_SECONDS if end is None else end
        skewed = False
        for attempt in range(RETRIES + 1):
            end += self._gate.enter(endpoint)
            try:
                return self._attempt(endpoint, dict(params or {}), body, end)
            except HALT_ERRORS as e:
                if isinstance(e, RateLimitedError):
                    e.scope = vars(e).get("scope") or self._scope(endpoint)
                self._gate.halt(e)
                raise
            except TimestampSkewError:
                if skewed or endpoint == self.time_endpoint:
                    raise
                skewed = True
                self._ask_clock(end)
            except ExchangeError as e:
                if not e.retryable or attempt == RETRIES or time.monotonic() + RETRY_SECONDS >= end:
                    raise self.clarify(e, endpoint) from None
                time.sleep(secrets.SystemRandom().uniform(0, RETRY_SECONDS * 2**attempt))
        raise TimestampSkewError("clock", endpoint.path, exchange=self.info.id)

    def clarify(self, error: ExchangeError, endpoint: Endpoint) -> ExchangeError:
        """Return a clearer error where a second question can tell; an exchange with ambiguous codes overrides this."""
        return error

    def parse(self, answer: Answer) -> Reading:
        """Return the reading of a checked answer; a missing or odd field is a bad response, never a KeyError."""
        parser = self._reader(answer.method, answer.path)
        if parser is None:
            raise NotSupportedError(f"{self.info.id} has no reader of {answer.path}")
        try:
            with localcontext(EXACT):
                return parser(answer)
        except _SHAPE_ERRORS:
            pass
        raise BadResponseError("shape", answer.path, exchange=self.info.id, retryable=False)

    def error(
        self, kind: type[ExchangeError], answer: Answer, venue_code: str = "", *, retryable: bool | None = None
    ) -> ExchangeError:
        """Make an error about an answer: path without query, and the wait that its Retry-After header asks for."""
        return failure(self.info.id, kind, answer, venue_code, retryable=retryable)

    # inside

    def _unsupported(self, capability: Capability) -> NotSupportedError:
        return NotSupportedError(f"{self.info.id} has no {capability}")

    def _scope(self, endpoint: Endpoint) -> str:
        """Return whose limit an endpoint counts against; the address's where nothing is said."""
        return next((limit.scope for limit in self.info.rate_limits if limit.name == endpoint.limit), "ip")

    def _reader(self, method: str, path: str) -> Parser | None:
        """Find the parser of a path, also of one that fills a template such as /accounts/{id}/deposits."""
        exact = self.readers.get((method, path))
        parts = path.split("/")
        for (verb, template), parser in () if exact else self.readers.items():
            names = template.split("/")
            fits = verb == method and len(names) == len(parts) and "{" in template
            if fits and all(name.startswith("{") or name == part for name, part in zip(names, parts, strict=True)):
                return parser
        return exact

    def _attempt(self, endpoint: Endpoint, params: dict[str, Any], body: Any, end: float) -> Answer:  # noqa: ANN401
        base = self._settings.hosts.get(endpoint.host)
        if base is None:
            raise NotSupportedError(f"{self.info.id} has no host {endpoint.host} here")
        path = endpoint.path
        for name in [name for name in params if f"{{{name}}}" in path] if "{" in path else ():
            path = path.replace(f"{{{name}}}", quote(str(params.pop(name)), safe=""))
        if not self._pace.wait(endpoint, end):
            raise RateLimitedError("own-pace", endpoint.path, exchange=self.info.id)
        self.sent += 1
        if self.on_call is not None:
            self.on_call(endpoint)
        with hold(self._lock, end) if self.in_turn and endpoint.private else AT_ONCE as in_time:
            if not in_time:
                raise NetworkError("own-turn", endpoint.path, exchange=self.info.id)
            if endpoint.private:
                request = self.prepare(endpoint.method, base + path, params=params, body=body)
            else:
                query = "?" + urlencode(params) if params else ""
                request = _http.build_request(endpoint.method, base + path + query)
            answer = self._answer(endpoint.method, path, self._send(request, path, end), params=params)
        self._note_usage(answer.headers)
        self.times.note(answer.payload, answer.headers, private=endpoint.private)
        self._gate.learn(endpoint, answer.headers, answer.as_of)
        self._examine(answer)
        return answer

    def _send(self, request: requests.PreparedRequest, path: str, end: float) -> Received:
        """Send to the hosts of this connector and nowhere else."""
        if split_url(request.url or "")[0] not in self._origins:
            raise NotSupportedError(f"{self.info.id} does not send there")
        problem: _http.WireError | None = None
        try:
            return _http.send(request, max(0.05, end - time.monotonic()), self._settings.way.exit)
        except _http.WireError as e:
            problem = e
        kind = BadResponseError if problem.garbled else NetworkError
        raise kind(problem.problem, path, exchange=self.info.id, retryable=problem.retryable)

    def _answer(
        self, method: str, path: str, wire: Received, *, params: Mapping[str, Any], given: object = None
    ) -> Answer:
        """Build an answer from the wire's bytes, or from a given body: bytes, text or parsed JSON."""
        payload, problem, text, body = None, "", "", wire.body if given is None else given
        try:
            payload = read_body(body)
        except ValueError as e:
            problem = e.problem if isinstance(e, JsonError) else "number"
            text = body[:2000].decode("utf-8", "replace") if isinstance(body, bytes) else str(body)[:2000]
        return Answer(method, path, wire.status, wire.headers, payload, self.now(), problem, text, params)

    def _examine(self, answer: Answer) -> None:
        if 300 <= answer.status < 400:
            raise self.error(BadResponseError, answer, "redirect", retryable=False)
        unreadable = False
        try:
            self.check(answer)
        except _SHAPE_ERRORS:
            unreadable = True
        if unreadable:
            raise self.error(BadResponseError, answer, "shape", retryable=False)
        check_status(self.info.id, answer)
        if answer.problem:
            raise self.error(BadResponseError, answer, answer.problem)

    def _note_usage(self, headers: Mapping[str, str]) -> None:
        for name in self.usage_headers:
            value = headers.get(name, "")
            if value.isascii() and value.isdigit():
                self.usage[name] = int(value[:12])
