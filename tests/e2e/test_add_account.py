"""Adding an exchange account in the browser: form, check list, first balance, and every kind of refusal."""

import time
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from connectors.sandbox import Sandbox
from core.domain.types import AccountStatus, JobKind, StepState, User
from core.ui.format import Formats
from tests.e2e.installation import Installation
from tests.e2e.person import Person

FORMATS = Formats("en", "America/Sao_Paulo")


def test_a_key_is_checked_step_by_step_and_the_first_balance_appears_within_five_seconds(
    person: Person, installation: Installation, sandbox: Sandbox, client: User
) -> None:
    person.add_account("Binance", sandbox.key("binance", "good"))
    sent_at = time.monotonic()
    expect(person.page.get_by_text("Balance now:")).to_be_visible(timeout=45_000)
    seen_after = time.monotonic() - sent_at
    account = installation.accounts_of(client)[0]
    assert account.status is AccountStatus.ACTIVE and account.is_main
    assert account.uid == sandbox.key("binance", "good").uid
    with installation.storage.begin(write=False) as uow:
        job = next(job for job in uow.jobs.latest([account.id], None) if job.kind is JobKind.VERIFY)
    assert [step.state for step in job.steps] == [StepState.OK] * 8
    assert job.finished_at is not None and job.finished_at - job.created_at <= timedelta(seconds=5)
    assert seen_after <= 8, "five seconds, and some for a browser on a busy machine"


def test_the_overview_shows_what_the_exchange_holds(
    person: Person, installation: Installation, sandbox: Sandbox, client: User
) -> None:
    person.add_account("Binance", sandbox.key("binance", "good"))
    expect(person.page.get_by_text("Balance now:")).to_be_visible(timeout=45_000)
    person.go_to("Overview")
    account = installation.accounts_of(client)[0]
    equity = installation.equity_of(account)
    truth = sandbox.truth(account.uid or "")
    assert equity == pytest.approx(float(str(truth["equity_usd"])), rel=2e-3), "prices move between the two looks"
    shown = person.page.locator(".st-key-card_equity").get_by_test_id("stMetricValue")
    expect(shown).to_have_text(FORMATS.money(equity))


def test_bitget_asks_for_the_passphrase_and_binance_does_not(
    person: Person, installation: Installation, sandbox: Sandbox, client: User
) -> None:
    person.go_to("Add account")
    person.choose("Exchange", "Binance")
    expect(person.page.get_by_role("textbox", name="Passphrase")).to_have_count(0)
    key = sandbox.key("bitget", "good")
    person.add_account("Bitget", key, passphrase=False)
    expect(person.page.get_by_text("This field is needed.")).to_be_visible()
    assert installation.accounts_of(client) == []
    person.add_account("Bitget", key)
    expect(person.page.get_by_text("Balance now:")).to_be_visible(timeout=45_000)
    assert installation.accounts_of(client)[0].uid == key.uid


def test_a_field_that_cannot_be_right_is_caught_before_anything_is_sent(
    person: Person, installation: Installation, sandbox: Sandbox, client: User
) -> None:
    typed = "two words"
    person.go_to("Add account")
    person.choose("Exchange", "Binance")
    person.page.get_by_role("textbox", name="API key", exact=True).fill(typed)
    person.page.get_by_role("textbox", name="API secret", exact=True).fill("x" * 64)
    person.page.get_by_role("button", name="Check and add").click()
    expect(person.page.get_by_text("does not look like what the exchange issues")).to_be_visible()
    assert installation.accounts_of(client) == []
    assert typed[-4:] not in {row["key"] for row in sandbox.requests.rows()}


@pytest.mark.parametrize(
    ("key_name", "title"),
    [
        ("withdraw", "This key may withdraw money"),
        ("revoked", "Binance"),
        ("wrong_ip", "Binance"),
    ],
)
def test_a_refused_key_is_erased_and_the_cure_is_said(
    person: Person, installation: Installation, sandbox: Sandbox, client: User, key_name: str, title: str
) -> None:
    key = sandbox.key("binance", key_name)
    person.add_account("Binance", key)
    expect(person.page.get_by_role("alert").filter(has_text=title).first).to_be_visible(timeout=45_000)
    account = installation.accounts_of(client)[0]
    assert account.status is AccountStatus.REFUSED and not account.is_main
    with installation.storage.begin(write=False) as uow:
        assert uow.credentials.load(account.id, client.id) is None
    if key_name == "withdraw":
        assert account.reason == "may_withdraw"
        called = {str(row["path"]) for row in sandbox.requests.rows() if row["key"] == key.api_key[-4:]}
        assert called <= {"/sapi/v1/account/apiRestrictions", "/api/v3/account"}, "rights and identity, nothing else"
        with installation.storage.begin(write=False) as uow:
            assert uow.readings.wallets([account.id], None) == []


def test_the_same_exchange_account_cannot_be_added_twice_even_with_another_key(
    person: Person, installation: Installation, sandbox: Sandbox, client: User
) -> None:
    person.add_account("Binance", sandbox.key("binance", "good"))
    expect(person.page.get_by_text("Balance now:")).to_be_visible(timeout=45_000)
    person.page.get_by_role("button", name="To the accounts").or_(
        person.page.get_by_role("button", name="Close")
    ).first.click()
    person.settle()
    person.add_account("Binance", sandbox.key("binance", "second"))
    expect(person.page.get_by_text("This account is here already.")).to_be_visible(timeout=45_000)
    reasons = {account.reason for account in installation.accounts_of(client)}
    assert reasons == {None, "duplicate_account"}
