"""The frame every exchange's dialect fills: endpoints, accounts, keys, refusals."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from connectors.sandbox.accounts import AccountSpec
from connectors.sandbox.faults import FaultBoard
from connectors.sandbox.keys import KeyRing, KeyStyle, SandboxKey, default_keys
from connectors.sandbox.limits import Limiter
from connectors.sandbox.model import Book, Event, to_ms
from connectors.sandbox.wire import Answer, Params, WireRequest
from connectors.sandbox.world import World


@dataclass
class Site:
    """What a dialect works on: the world, the keys, the clock of the exchange and its counters."""

    world: World
    keys: KeyRing
    faults: FaultBoard
    limiter: Limiter
    exchange: str
    enforce_limits: bool = True

    def now(self) -> datetime:
        """Return the exchange's own time."""
        return self.world.clock() + timedelta(seconds=self.faults.skew_seconds(self.exchange))

    def now_ms(self) -> int:
        """Return the exchange's own time in Unix milliseconds."""
        return to_ms(self.now())


@dataclass(frozen=True)
class Call:
    """One admitted request. `key` is None on public endpoints; `at` is the instant that is answered for."""

    site: Site
    key: SandboxKey | None
    params: Params
    at: datetime

    @property
    def world(self) -> World:
        """The world behind the site."""
        return self.site.world

    @property
    def uid(self) -> str:
        """The account of the key."""
        if self.key is None:
            raise LookupError("public endpoint")
        return self.key.uid

    @property
    def account(self) -> AccountSpec:
        """The recipe of the key's account."""
        return self.world.account(self.uid)

    def book(self) -> Book:
        """Return what the key's account holds now."""
        return self.world.book(self.uid, self.at)

    def events(self, since: datetime, until: datetime) -> list[Event]:
        """Return the account's events in a window that ends now at the latest, oldest first."""
        return self.world.events(self.uid, since, min(until, self.at))


Handler = Callable[[Call], object]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One method and path: handler, cost, whether it is signed, and a word that the dialect reads (`scope`)."""

    handler: Handler
    weight: int = 1
    signed: bool = True
    scope: str = ""


class Dialect(ABC):
    """One exchange as a server. Subclasses state the facts and say how requests are admitted and refused."""

    id: str
    hosts: tuple[str, ...]
    style: KeyStyle
    endpoints: Mapping[tuple[str, str], Endpoint]
    untold: frozenset[str] = frozenset()  # seldom events that cannot happen here, or that no history tells

    @abstractmethod
    def accounts(self) -> list[AccountSpec]:
        """Return the accounts that live at this exchange."""

    @abstractmethod
    def answer(self, request: WireRequest, site: Site) -> Answer:
        """Return the exchange's answer, refusals included."""

    @abstractmethod
    def refusal(self, status: int, now_ms: int) -> Answer:
        """Return the exchange's own envelope for a failure with this HTTP status (200 = hidden in a success)."""

    @abstractmethod
    def key_of(self, request: WireRequest) -> str:
        """Return the API key text of a request, empty where there is none."""

    def default_keys(self) -> list[SandboxKey]:
        """Return the seeded keys."""
        return default_keys(self.id, self.style, {spec.name: spec.uid for spec in self.accounts()})
