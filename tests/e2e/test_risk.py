"""Positions & risk in the browser: real positions of the sandbox, figures of its own books, a file that agrees."""

import csv
import io
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from playwright.sync_api import Page, expect

from connectors.sandbox import Sandbox, SandboxConfig
from connectors.sandbox.model import Book
from connectors.sandbox.world import MAINTENANCE_RATE
from connectors.types import LedgerKind, Side
from core.domain.types import User
from tests.e2e.installation import Installation
from tests.e2e.person import Person

ACCOUNTS = {"Alpha": "binance", "Beta": "bybit", "Gamma": "okx"}
OPENED_DAYS = 9
LONGEST_MS = 60_000
CENT = Decimal("0.01")
CARDS = ("gross", "net", "notional / equity", "unrealised", "nearest liquidation", "margin ratio")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """Rich accounts at three exchanges: hedge legs, inverse contracts without a liquidation price, a unified wallet."""
    opened = datetime.now(UTC).date() - timedelta(days=OPENED_DAYS)
    with Sandbox(SandboxConfig(opened_on=opened, enforce_limits=False, exchanges=tuple(ACCOUNTS.values()))) as running:
        yield running


@pytest.fixture(scope="module")
def installation(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with Installation(tmp_path_factory.mktemp("risk"), sandbox) as running:
        yield running


@pytest.fixture
def trader(installation: Installation, sandbox: Sandbox) -> User:
    """A client with an account at each exchange."""
    client = installation.add_person("trader")
    for name, exchange in ACCOUNTS.items():
        installation.add_account(client, sandbox.key(exchange, "good"), name)
    wait_for_ledgers(installation, client)
    return client


def wait_for_ledgers(installation: Installation, client: User) -> None:
    """Wait until the sidecar has read every account's ledger once: until then funding is unknown, and said to be."""
    deadline = time.monotonic() + LONGEST_MS / 1000
    while time.monotonic() < deadline:
        with installation.storage.begin(write=False) as uow:
            states = uow.syncing.states({client.id})
        if len(states) == len(ACCOUNTS) and all(state.ledger_read_to for state in states):
            return
        time.sleep(0.2)
    raise AssertionError("a ledger was not read")


def test_the_page_shows_the_sandboxs_own_positions_and_its_file_agrees(
    installation: Installation, sandbox: Sandbox, trader: User, page: Page
) -> None:
    page.set_default_timeout(LONGEST_MS)
    person = Person(page, installation.url)
    person.sign_in(trader.login)
    person.open("/risk?account=all")
    for title in ("Open positions", "Exposure by pair", "Delta by asset", "Margin by wallet"):
        expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible(timeout=LONGEST_MS)
    expect(page.get_by_test_id("stMetric")).to_have_count(len(CARDS))
    filed = take_file(page, installation, trader)
    positions = [row for row in filed if row["section"] == "position"]
    books = {name: book_of(sandbox, exchange) for name, exchange in ACCOUNTS.items()}
    assert {key_of(row) for row in positions} == {
        (name, held.base, held.settle, held.side.value) for name, book in books.items() for held in book.positions
    }
    assert {row["side"] for row in positions if row["hedged"] == "true"} == {"long", "short"}
    for row in positions:
        check_position(row, books[row["account"]])
    check_sums(filed, positions)
    check_ratios(filed, books)
    check_funding(filed, sandbox, books["Gamma"])
    shown = page.get_by_test_id("stMetric").filter(has_text="Gross exposure")
    gross = Decimal(next(row["value"] for row in filed if row["item"] == "gross"))
    written = Decimal(shown.get_by_test_id("stMetricValue").inner_text().strip("$").replace(",", ""))
    assert abs(written - gross) < gross / 100  # the page may be one reading older than the file


def check_sums(filed: list[dict[str, str]], positions: list[dict[str, str]]) -> None:
    """The sums are those of the lines."""
    sums = {row["item"]: Decimal(row["value"]) for row in filed if row["section"] == "sum"}
    legs = {
        side: sum(Decimal(row["notional"]) for row in positions if row["side"] == side) for side in ("long", "short")
    }
    assert abs(sums["gross"] - legs["long"] - legs["short"]) < CENT
    assert abs(sums["net"] - legs["long"] + legs["short"]) < CENT
    assert abs(sums["notional_over_equity"] - sums["gross"] / sums["equity"]) < CENT


def check_ratios(filed: list[dict[str, str]], books: dict[str, Book]) -> None:
    """Unified wallets show the exchange's own ratio, the coin futures' is computed: 0.4 % of the notional."""
    ratios = {(row["account"], row["item"]): row for row in filed if row["section"] == "wallet"}
    balances = {row["account"]: Decimal(row["value"]) for row in filed if row["item"] == "margin_balance"}
    for name in ("Beta", "Gamma"):
        told = ratios[name, "margin_ratio_of_the_exchange"]
        held = books[name].positions
        least = sum(one.maintenance_margin * (one.mark if one.inverse else Decimal(1)) for one in held)
        assert abs(Decimal(told["value"]) - least / balances[name]) < Decimal("0.0001")
    (coin,) = (row for row in filed if row["item"] == "margin_ratio" and row["wallet"] == "coinm")
    balance = next(row for row in filed if row["item"] == "margin_balance" and row["wallet"] == "coinm")
    face = sum(held.contracts * held.contract_size for held in books["Alpha"].positions if held.inverse)
    assert abs(Decimal(coin["value"]) * Decimal(balance["value"]) - face * MAINTENANCE_RATE) < face / 10_000


def check_funding(filed: list[dict[str, str]], sandbox: Sandbox, book: Book) -> None:
    """Where the exchange tells the opening, what was paid since is what the world booked; else it is since first seen.

    In hedge mode it is what the pair has paid since its first open leg was opened.
    """
    told = {row["symbol"]: row for row in filed if row["account"] == "Gamma" and row["funding_amount"]}
    opened: dict[tuple[str, str], datetime] = {}
    for held in book.positions:
        pair, at = (held.base, held.settle), held.held.opened_at
        opened[pair] = min(opened.get(pair, at), at)
    for (base, settle), since in opened.items():
        row = told[f"{base}/{'USD' if base == settle else settle}:{settle}"]
        paid = [
            event.amount
            for event in sandbox.world.events(book.uid, since, book.at)
            if (event.kind, event.base, event.asset) == (LedgerKind.FUNDING, base, settle) and event.at > since
        ]
        assert paid and row["funding_basis"] == "opened"
        assert abs(Decimal(row["funding_amount"]) - sum(paid)) < Decimal("0.000001"), row["symbol"]
    unknown = [row for row in filed if row["account"] == "Alpha" and row["funding_amount"]]
    assert {row["funding_basis"] for row in unknown} == {"seen"}


def check_position(row: dict[str, str], book: Book) -> None:
    """Compare a line with the sandbox's own position: what moves with the price within a percent, the rest exactly."""
    held = next(p for p in book.positions if (p.base, p.settle, p.side.value) == key_of(row)[1:])
    assert abs(Decimal(row["entry_price"]) - held.entry) < Decimal("0.0001") * held.entry
    assert Decimal(row["leverage"]) == held.leverage
    face = held.contracts * held.contract_size if held.inverse else held.size * held.mark
    assert abs(Decimal(row["notional"]) - face) < (Decimal("0.01") if held.inverse else face / 100)
    if held.liquidation is None:
        assert row["liquidation_price"] == row["liquidation_distance"] == ""
    else:
        sign = 1 if held.side is Side.LONG else -1
        mark, liquidation = Decimal(row["mark_price"]), Decimal(row["liquidation_price"])
        distance = sign * (mark - liquidation) / mark
        if distance >= 0:
            assert abs(Decimal(row["liquidation_distance"]) - distance) < Decimal("0.000001")
        else:
            assert row["liquidation_distance"] == "" and "other_side" in row["reason"]
    assert row["as_of"].endswith("Z")


def key_of(row: dict[str, str]) -> tuple[str, str, str, str]:
    return row["account"], row["symbol"].partition("/")[0], row["symbol"].partition(":")[2], row["side"]


def book_of(sandbox: Sandbox, exchange: str) -> Book:
    """Return what the world says of the account behind a good key."""
    spec = next(one for one in sandbox.world.accounts() if one.uid == sandbox.key(exchange, "good").uid)
    return sandbox.world.book(spec.uid, datetime.now(UTC))


def take_file(page: Page, installation: Installation, client: User) -> list[dict[str, str]]:
    """Take the file of the page with the browser's own session."""
    answer = page.request.get(f"{installation.url}/exports/positions_risk.csv?client={client.id}&view=all&dialect=iso")
    assert answer.ok, answer.status
    assert re.search(r"positions_risk-\d{8}T\d{6}Z\.csv", answer.headers["content-disposition"])
    return list(csv.DictReader(io.StringIO(answer.text())))
