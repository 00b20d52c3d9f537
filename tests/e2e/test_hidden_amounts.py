"""Hiding amounts in a real browser: by keyboard, on every page, and still hidden after a reload."""

from playwright.sync_api import expect

from connectors.sandbox import Sandbox
from core.domain.types import User
from tests.e2e.installation import Installation
from tests.e2e.person import Person


def test_amounts_hidden_by_keyboard_stay_hidden_over_pages_and_a_reload(
    person: Person, installation: Installation, client: User, sandbox: Sandbox
) -> None:
    installation.add_account(client, sandbox.key("binance", "good"), "Binance")
    page = person.page
    person.open("/")
    person.settle()
    equity = page.locator(".st-key-card_equity").get_by_test_id("stMetricValue")
    expect(equity).to_contain_text("$")
    switch = page.get_by_role("checkbox", name="Hide amounts").or_(page.get_by_role("switch", name="Hide amounts"))
    switch.focus()
    page.keyboard.press("Space")
    expect(equity).to_have_text("•••••")
    page.reload()
    person.settle()
    expect(equity).to_have_text("•••••")
    person.go_to("Accounts")
    expect(person.card("Binance").get_by_text("•••••")).to_be_visible()
    person.go_to("Overview")
    expect(equity).to_have_text("•••••")
    switch.focus()
    page.keyboard.press("Space")
    expect(equity).to_contain_text("$")
