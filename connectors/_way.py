"""How requests leave: from which address, through which proxy, and who counts what they cost that address."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from connectors._reading import Endpoint
from connectors._wire import DIRECT, Exit
from connectors.errors import ExchangeError, IpBannedError, RateLimitedError
from connectors.types import Cost, ExchangeInfo

OWN_SCOPE = "own"  # our own counting said no; the exchange was not asked
SHARED_SCOPE = "ip"


class Meter(Protocol):
    """Counts what requests cost the limits that all accounts behind one address share at one exchange."""

    def pay(self, costs: tuple[Cost, ...]) -> float:
        """Wait until the costs fit into the limits and return the seconds waited.

        Raises:
            RateLimitedError: that would take too long; nothing was booked.
        """
        ...

    def learn(self, cost: Cost, used: int, at: datetime) -> None:
        """Take in what the exchange itself counts: `used` units in its present window, told at `at` (its clock)."""
        ...

    def halt(self, seconds: float | None, *, banned: bool) -> None:
        """Let nothing more leave for `seconds` (None: the exchange did not say how long)."""
        ...


@dataclass(frozen=True, slots=True)
class Way:
    """The way out of a connector: straight on, uncounted, unless told otherwise."""

    exit: Exit = DIRECT
    meter: Meter | None = None


class Gate:
    """One connector's way out, with its exchange's limits."""

    def __init__(self, info: ExchangeInfo, way: Way, *, told_by: tuple[str, ...], testnet: bool) -> None:
        self._limits = {limit.name: limit for limit in info.rate_limits if limit.scope == SHARED_SCOPE}
        self._overall = tuple(limit for limit in self._limits.values() if limit.overall)
        self._meter = way.meter
        self._told_by = told_by
        self._place = "testnet " if testnet else ""
        self._costs: dict[Endpoint, tuple[Cost, ...]] = {}

    def enter(self, endpoint: Endpoint) -> float:
        """Pay for one request and return the seconds that took; nothing where nobody counts."""
        costs = self.costs(endpoint) if self._meter else ()
        if not costs or self._meter is None:
            return 0.0
        try:
            return self._meter.pay(costs)
        except RateLimitedError as e:
            e.scope = OWN_SCOPE
            raise

    def costs(self, endpoint: Endpoint) -> tuple[Cost, ...]:
        """Return what one call takes of each count that its address has."""
        found = self._costs.get(endpoint)
        if found is None:
            limit = self._limits.get(endpoint.limit)
            own = () if limit is None else ((limit, endpoint.weight),)
            rest = tuple((other, 1) for other in self._overall if other is not limit)
            found = self._costs[endpoint] = tuple(
                Cost(
                    self._place + (item.name if item.pool else f"{item.name} {endpoint.method} {endpoint.path}"),
                    units,
                    item.limit,
                    item.window_seconds,
                )
                for item, units in (*own, *rest)
            )
        return found

    def learn(self, endpoint: Endpoint, headers: Mapping[str, str], at: datetime) -> None:
        """Hand on what the exchange says is used of the endpoint's limit."""
        if self._meter is None or not self._told_by:
            return
        costs = self.costs(endpoint)
        for name in self._told_by:
            value = headers.get(name, "")
            if costs and value.isascii() and value.isdigit():
                self._meter.learn(costs[0], int(value[:12]), at)

    def halt(self, error: ExchangeError) -> None:
        """Stop the whole address where the exchange said no to it."""
        is_banned = isinstance(error, IpBannedError)
        if self._meter is not None and (is_banned or getattr(error, "scope", "") == SHARED_SCOPE):
            self._meter.halt(error.retry_after, banned=is_banned)
