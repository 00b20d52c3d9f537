"""What a person does with accounts that are there: main account, rename, pause, replace the key, remove, export."""

import csv
import io
from dataclasses import replace
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from connectors.sandbox import Sandbox
from core.domain.types import AccountStatus, ExchangeAccount, User
from core.ui.format import Formats
from tests.e2e.installation import Installation
from tests.e2e.person import Person

FORMATS = Formats("en", "America/Sao_Paulo")


@pytest.fixture
def two(installation: Installation, sandbox: Sandbox, client: User, page: Page) -> list[ExchangeAccount]:
    """A Binance account, which is the main one, and a Bitget account, both verified by the sidecar."""
    return [
        installation.add_account(client, sandbox.key("binance", "good"), "Binance"),
        installation.add_account(client, sandbox.key("bitget", "one_way"), "Bitget"),
    ]


@pytest.fixture
def owner(two: list[ExchangeAccount], person: Person) -> Person:
    person.go_to("Accounts")
    return person


def test_the_main_account_is_switched_and_stays_exactly_one(
    owner: Person, installation: Installation, client: User
) -> None:
    expect(owner.card("Binance").locator(".stMarkdownBadge", has_text="Main account")).to_be_visible()
    owner.act_on("Bitget", "Make it the main account")
    dialog = owner.page.get_by_role("dialog")
    dialog.get_by_label("Reason").fill("more is traded there")
    dialog.get_by_role("button", name="Make Bitget the main account").click()
    expect(owner.card("Bitget").locator(".stMarkdownBadge", has_text="Main account")).to_be_visible()
    expect(owner.card("Binance").locator(".stMarkdownBadge", has_text="Main account")).to_have_count(0)
    assert [account.name for account in installation.accounts_of(client) if account.is_main] == ["Bitget"]


def test_an_open_menu_stays_open_while_the_list_below_it_is_redrawn(owner: Person, installation: Installation) -> None:
    owner.card("Bitget").get_by_role("button", name="Actions").click()
    installation.stop("sync")
    with installation.storage.begin() as uow:
        for beat in uow.syncing.heartbeats():
            uow.syncing.beat(replace(beat, beat_at=beat.beat_at - timedelta(minutes=2)))
    expect(owner.page.get_by_text("No new readings")).to_be_visible()
    rename = owner.page.get_by_role("option", name="Rename", exact=True)
    expect(rename.or_(owner.page.get_by_role("menuitem", name="Rename", exact=True))).to_be_visible()
    installation.start("sync")


def test_an_account_is_renamed(owner: Person, installation: Installation, client: User) -> None:
    owner.act_on("Bitget", "Rename")
    dialog = owner.page.get_by_role("dialog")
    dialog.get_by_role("textbox", name="Name").fill("Savings *2026*")
    dialog.get_by_role("button", name="Save").click()
    expect(owner.page.get_by_role("heading", name="Savings *2026*", exact=True)).to_be_visible()
    assert {account.name for account in installation.accounts_of(client)} == {"Binance", "Savings *2026*"}


def test_a_paused_account_is_not_read_until_it_is_resumed(
    owner: Person, installation: Installation, client: User, two: list[ExchangeAccount]
) -> None:
    owner.act_on("Bitget", "Pause")
    expect(owner.card("Bitget").get_by_text("Paused", exact=False).first).to_be_visible()
    assert [account.is_active for account in installation.accounts_of(client) if account.name == "Bitget"] == [False]
    owner.act_on("Bitget", "Resume")
    expect(owner.card("Bitget").get_by_text("Active", exact=False).first).to_be_visible()
    assert all(account.is_active for account in installation.accounts_of(client))


def test_a_key_is_replaced_by_one_of_the_same_exchange_account_only(
    owner: Person, installation: Installation, sandbox: Sandbox, client: User
) -> None:
    owner.act_on("Binance", "Replace the key")
    owner.type_key(sandbox.key("binance", "spot"))
    owner.page.get_by_role("button", name="Verify and replace").click()
    expect(owner.page.get_by_text("This key belongs to another exchange account.").first).to_be_visible(timeout=45_000)
    hints = {account.name: account.hint for account in installation.accounts_of(client)}
    assert hints["Binance"] == sandbox.key("binance", "good").api_key[-4:]

    owner.page.get_by_role("button", name="Close").first.click()
    owner.settle()
    owner.act_on("Binance", "Replace the key")
    owner.type_key(sandbox.key("binance", "second"))
    owner.page.get_by_role("button", name="Verify and replace").click()
    expect(owner.page.get_by_text("The new key is in place")).to_be_visible(timeout=45_000)
    account = next(account for account in installation.accounts_of(client) if account.name == "Binance")
    assert account.hint == sandbox.key("binance", "second").api_key[-4:]
    assert account.status is AccountStatus.ACTIVE and account.generation == 2


def test_a_main_account_is_removed_only_with_a_successor_and_its_history_stays(
    owner: Person, installation: Installation, client: User, two: list[ExchangeAccount]
) -> None:
    owner.act_on("Binance", "Remove")
    dialog = owner.page.get_by_role("dialog")
    dialog.get_by_role("button", name="Remove Binance").click()
    expect(dialog.get_by_text("The main account needs a successor.")).to_be_visible()
    dialog.get_by_role("combobox").click()
    owner.page.get_by_role("option", name="Bitget", exact=True).click()
    dialog.get_by_role("button", name="Remove Binance").click()
    expect(owner.page.get_by_role("heading", name="Binance", exact=True)).to_have_count(0)
    left = installation.accounts_of(client)
    assert [(account.name, account.is_main) for account in left] == [("Bitget", True)]
    assert installation.equity_of(two[0]) > 0
    with installation.storage.begin(write=False) as uow:
        assert uow.credentials.load(two[0].id, client.id) is None


def test_the_csv_equals_the_screen_and_the_database(
    owner: Person, installation: Installation, client: User, two: list[ExchangeAccount]
) -> None:
    installation.stop("sync")
    try:
        owner.open("/?account=all")
        owner.settle()
        stored = sum(installation.equity_of(account) for account in two)
        card = owner.page.locator(".st-key-card_equity").get_by_test_id("stMetricValue")
        expect(card).to_have_text(FORMATS.money(stored))
        rows = read_csv(owner, "balances", client, "iso")
        with installation.storage.begin(write=False) as uow:
            held = uow.readings.balances([account.id for account in two], {client.id})
        in_file = {(row["account"], row["wallet"], row["asset"]): row["total"] for row in rows}
        names = {account.id: account.name for account in two}
        in_store = {(names[row.account_id], row.wallet, row.asset): row.total for row in held if row.total or row.debt}
        assert {key: float(value) for key, value in in_file.items()} == {
            key: float(value) for key, value in in_store.items()
        }
        brazilian = read_csv(owner, "balances", client, "pt-BR")
        assert len(brazilian) == len(rows)
    finally:
        installation.start("sync")
        installation.wait_until_ready()


def read_csv(person: Person, dataset: str, client: User, dialect: str) -> list[dict[str, str]]:
    """Take a file out as the person's browser would, and return its rows."""
    address = f"{person.url}/exports/{dataset}.csv?client={client.id}&view=all&days=30&dialect={dialect}"
    answer = person.page.request.get(address)
    assert answer.status == 200 and "no-store" in answer.headers["cache-control"]
    text = answer.body().decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text), delimiter=";" if dialect == "pt-BR" else ","))


def test_an_export_of_another_client_is_not_found(
    owner: Person, installation: Installation, two: list[ExchangeAccount]
) -> None:
    stranger = installation.add_person("stranger-with-nothing")
    address = f"{owner.url}/exports/balances.csv?client={stranger.id}&view=all&days=30&dialect=iso"
    assert owner.page.request.get(address).status == 404
