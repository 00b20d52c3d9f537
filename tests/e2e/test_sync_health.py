"""The sync health page in a browser: an administrator opens an account's runs; a client gets nothing of it."""

from collections.abc import Callable

from playwright.sync_api import BrowserContext, expect

from connectors.sandbox import Sandbox
from core.domain.types import Role
from tests.e2e.installation import Installation
from tests.e2e.person import Person


def test_an_administrator_sees_the_sync_and_a_client_does_not_even_by_its_address(
    installation: Installation, sandbox: Sandbox, new_context: Callable[[], BrowserContext]
) -> None:
    helga, root = installation.add_person("helga"), installation.add_person("desk", role=Role.ADMIN)
    account = installation.add_account(helga, sandbox.key("binance", "good"), "Under watch")
    admin = Person(new_context().new_page(), installation.url)
    admin.sign_in(root.login)
    admin.go_to("Sync health")
    card = admin.page.locator(".st-key-exchange_binance")
    expect(card.get_by_role("heading", name="Binance")).to_be_visible()
    expect(card.get_by_text("accounts read")).to_be_visible()
    expect(admin.page.locator(".st-key-health_sidecars").get_by_text("1 / 1")).to_be_visible()
    admin.page.get_by_role("textbox", name="Search").fill("under watch")
    admin.page.keyboard.press("Enter")
    runs = admin.page.locator(f".st-key-runs_{account.id}")
    runs.get_by_role("button", name="Runs").click()
    runs.get_by_role("button", name="Read now").click()
    expect(admin.page.get_by_text("A reading has been asked for")).to_be_visible()
    expect(runs.get_by_test_id("stDataFrame")).to_be_visible(timeout=30_000)  # that reading's run is among them

    client = Person(new_context().new_page(), installation.url)
    client.sign_in(helga.login)
    expect(client.page.get_by_role("link", name="Accounts", exact=True)).to_be_visible()
    expect(client.page.get_by_role("link", name="Sync health")).to_have_count(0)
    client.open("/sync_health")
    client.settle()
    expect(client.page.get_by_text("Equity").first).to_be_visible()
    expect(client.heading("Sync health")).to_have_count(0)
    expect(client.page.locator("[class*=st-key-health_], [class*=st-key-exchange_]")).to_have_count(0)
