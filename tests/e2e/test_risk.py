"""Positions & risk in the browser: real positions of the sandbox, figures of its own books, a file that agrees."""

import csv
import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from playwright.sync_api import Page, expect

from connectors.sandbox import Sandbox, SandboxConfig
from connectors.sandbox.model import Book
from connectors.types import Side
from core.domain.types import User
from tests.e2e.installation import Installation
from tests.e2e.person import Person

ACCOUNTS = {"Alpha": "binance", "Beta": "bybit", "Gamma": "okx"}
OPENED_DAYS = 9
FROZEN = datetime(2026, 1, 10, 13, 30, tzinfo=UTC)


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
    return client


def test_positions_are_those_of_the_sandboxs_books_and_page_and_file_agree(
    installation: Installation, sandbox: Sandbox, trader: User, page: Page
) -> None:
    person = Person(page, installation.url)
    person.sign_in(trader.login)
    person.go_to("Positions & risk")
    person.choose("Accounts", "All accounts")
    for title in ("Open positions", "Exposure by pair", "Delta by asset", "Margin by wallet"):
        expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible()
    expect(page.get_by_text("3 of 3 accounts").or_(page.get_by_text("3/3 accounts"))).to_be_visible()
    filed = take_file(page, installation, trader)
    positions = [row for row in filed if row["section"] == "position"]
    books = {name: book_of(sandbox, exchange) for name, exchange in ACCOUNTS.items()}
    assert {key_of(row) for row in positions} == {
        (name, held.base, held.settle, held.side.value) for name, book in books.items() for held in book.positions
    }
    assert {row["side"] for row in positions if row["hedged"] == "true"} == {"long", "short"}
    for row in positions:
        check_position(row, books[row["account"]])
    sums = {row["item"]: row for row in filed if row["section"] == "sum"}
    gross = sum(Decimal(row["notional"]) for row in positions)
    assert abs(Decimal(sums["gross"]["value"]) - gross) < Decimal("0.01")
    long = sum(Decimal(row["notional"]) for row in positions if row["side"] == "long")
    assert abs(Decimal(sums["net"]["value"]) - (2 * long - gross)) < Decimal("0.01")
    ratios = {row["account"]: row["item"] for row in filed if row["section"] == "wallet" and row["value"]}
    assert ratios["Beta"] == "margin_ratio_of_the_exchange" or "margin_balance" in ratios["Beta"]
    owns = [row for row in filed if row["item"] == "margin_ratio_of_the_exchange"]
    assert {row["account"] for row in owns} == {"Beta", "Gamma"}
    for row in owns:
        book = books[row["account"]]
        least = sum(held.maintenance_margin * (price_of(sandbox, held.settle)) for held in book.positions)
        assert 0 < Decimal(row["value"]) < 1
        assert least > 0


def test_funding_since_open_is_what_the_books_have_paid(
    installation: Installation, sandbox: Sandbox, trader: User, page: Page
) -> None:
    """The exchange that tells when its positions were opened has the whole sum, the other since it was first seen."""
    person = Person(page, installation.url)
    person.sign_in(trader.login)
    person.go_to("Positions & risk")
    page.wait_for_timeout(2_000)
    filed = take_file(page, installation, trader)
    book = book_of(sandbox, "okx")
    told = {(row["symbol"], row["section"]): row for row in filed if row["account"] == "Gamma"}
    paid: dict[tuple[str, str], Decimal] = {}
    for held in book.positions:
        pair = (held.base, held.settle)
        paid[pair] = paid.get(pair, Decimal(0)) + held.held.funding
    for (base, settle), amount in paid.items():
        symbol = f"{base}/{'USD' if base == settle else settle}:{settle}"
        row = told.get((symbol, "legs")) or told[symbol, "position"]
        assert row["funding_basis"] == "opened"
        assert abs(Decimal(row["funding_amount"]) - amount) < Decimal("0.000001"), symbol
    seen = [row for row in filed if row["account"] == "Alpha" and row["section"] == "position" and row["funding_since"]]
    assert seen
    assert {row["funding_basis"] for row in seen} == {"seen"}


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


def price_of(sandbox: Sandbox, asset: str) -> Decimal:
    return sandbox.world.price(asset, datetime.now(UTC)) or Decimal(0)


def take_file(page: Page, installation: Installation, client: User) -> list[dict[str, str]]:
    """Take the file of the page with the browser's own session."""
    answer = page.request.get(f"{installation.url}/exports/positions_risk.csv?client={client.id}&view=all&dialect=iso")
    assert answer.ok, answer.status
    assert re.search(r"positions_risk-\d{8}T\d{6}Z\.csv", answer.headers["content-disposition"])
    return list(csv.DictReader(io.StringIO(answer.text())))
