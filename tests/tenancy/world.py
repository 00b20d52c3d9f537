"""One installation full of canaries: clients, an analyst and an administrator, each signed in."""

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from connectors.sandbox import Sandbox, SandboxConfig
from core.domain.types import Role
from tests.bench.visitor import sign_in
from tests.e2e.installation import Installation
from tests.tenancy.canaries import Canary, add_canary, count_foreign
from tests.tenancy.wire import Answer, Ask, Tab

SEED = 20261130
CROWD = 5
REAL = ("binance", "good"), ("bitget", "good")  # a sandbox account that the sidecar really reads, one per client


@dataclass(frozen=True, slots=True)
class World:
    """The installation, everybody in it, and their login cookies by user name."""

    installation: Installation
    clients: tuple[Canary, ...]
    analyst: Canary
    admin: Canary
    cookies: dict[str, str] = field(default_factory=dict)

    @property
    def everybody(self) -> Sequence[Canary]:
        """All persons."""
        return (*self.clients, self.analyst, self.admin)

    def others(self, canary: Canary) -> list[Canary]:
        """Return whose values a person may not get: an administrator sees every client."""
        if canary is self.admin:
            return [self.analyst]
        return [other for other in self.everybody if other is not canary]

    def cookie(self, canary: Canary) -> str:
        """Return the login cookie of a person, signing in at first use."""
        login = canary.user.login
        if login not in self.cookies:
            self.cookies[login] = sign_in(self.installation.url, login)
        return self.cookies[login]

    def tab(self, canary: Canary, *, resume: str = "") -> Tab:
        """Return a tab of a person."""
        return Tab(self.installation.url, self.cookie(canary), resume=resume)

    def foreign(self, canary: Canary, answer: Answer, *asks: Ask) -> list[str]:
        """Return what an answer to a person holds of others; what the person typed in themselves is no find."""
        return count_foreign(answer.raw, self.others(canary), repr(asks))

    def hashes(self) -> dict[str, str]:
        """Return the hash of every page there is, by its address; the administrator's navigation lists them all."""
        with self.tab(self.admin) as tab:
            pages = tab.run(Ask()).pages
        return {page.url_pathname: page.page_script_hash for page in pages}

    def state_of(self, canary: Canary) -> list[object]:
        """Return a client's accounts and words as they are stored, to see whether anybody has touched them."""
        with self.installation.storage.begin(write=False) as uow:
            accounts = uow.accounts.all({canary.user.id}, with_removed=True)
            links = uow.links.in_force({canary.user.id})
        own = {account.id for account in canary.accounts}
        return [*(account for account in accounts if account.id in own), *links]


@contextmanager
def living_world(folder: Path, *, clients: int = CROWD, real: bool = True) -> Iterator[World]:
    """Give out a running installation on PostgreSQL; `real` adds sandbox accounts that the sidecar reads."""
    rng = random.Random(SEED)
    with (
        Sandbox(SandboxConfig(enforce_limits=False)) as sandbox,
        Installation(folder, sandbox, backend="postgresql") as installation,
    ):
        made = tuple(add_canary(installation, rng) for _ in range(clients))
        if real:
            for canary, (exchange, name) in zip(made, REAL, strict=False):
                installation.add_account(canary.user, sandbox.key(exchange, name), f"real {canary.tag}")
        analyst, admin = (add_canary(installation, rng, role) for role in (Role.ANALYST, Role.ADMIN))
        yield World(installation, made, analyst, admin)
