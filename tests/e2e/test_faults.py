"""What a person sees while an exchange misbehaves: the last figures stay, the reason stands beside them."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Page, expect

from connectors.sandbox import Fault, FaultKind, Sandbox, SandboxConfig
from tests.e2e.installation import Installation
from tests.e2e.person import Person

EXCHANGE = "binance"
SOON_MS = 30_000


@pytest.fixture(scope="module")
def faulty() -> Iterator[Sandbox]:
    """One exchange behind the proxy."""
    with Sandbox(SandboxConfig(enforce_limits=False, proxied=True, exchanges=(EXCHANGE,))) as running:
        yield running


@pytest.fixture(scope="module")
def installation(faulty: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """An installation that reads every five seconds."""
    folder = tmp_path_factory.mktemp("faulty")
    with Installation(folder, faulty, GA_SYNC_INTERVAL_SECONDS="5", GA_SYNC_SLOW_INTERVAL_SECONDS="5") as running:
        yield running


def test_a_person_sees_what_is_wrong_and_that_it_is_over(
    installation: Installation, faulty: Sandbox, page: Page
) -> None:
    client = installation.add_person("frieda")
    installation.add_account(client, faulty.key(EXCHANGE, "good"), "Savings")
    person = Person(page, installation.url)
    person.sign_in(client.login)
    person.go_to("Accounts")
    card = person.card("Savings")
    faulty.fault(Fault(EXCHANGE, FaultKind.HALF_CLOSED, seconds=0.1, api_key=faulty.key(EXCHANGE, "good").api_key))
    expect(card.get_by_text("Binance sent an answer that cannot be used.")).to_be_visible(timeout=SOON_MS)
    worth = card.get_by_text("$").first.inner_text()
    expect(card.get_by_text("late")).to_be_visible(timeout=SOON_MS)  # more readings have failed by now
    expect(card.get_by_text(worth)).to_be_visible()
    faulty.faults.clear()
    expect(card.get_by_text("cannot be used")).to_have_count(0, timeout=SOON_MS)
    key = faulty.key(EXCHANGE, "good")
    faulty.put_key(replace(key, revoked=True))
    expect(card.get_by_text("Needs attention")).to_be_visible(timeout=SOON_MS)
    expect(page.get_by_text("Traceback")).to_have_count(0)
    assert key.api_secret not in installation.logs()
