"""A sandbox, an installation and a browser for the session; a fresh browser profile for each test."""

from collections.abc import Callable, Generator, Iterator
from itertools import count
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from connectors.sandbox import Sandbox, SandboxConfig
from core.domain.types import Role, User
from tests.browser import find_browser
from tests.e2e.installation import Installation
from tests.e2e.person import Person

PICTURES = Path(__file__).parents[2] / "build" / "e2e"
_numbers = count(1)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Tell fixtures that their test failed, so that they can keep what the person saw."""
    report = yield
    if report.when == "call" and report.failed:
        item.failed = True  # type: ignore[attr-defined]
    return report


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxConfig(enforce_limits=False)) as running:
        yield running


@pytest.fixture(scope="session")
def installation(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with Installation(tmp_path_factory.mktemp("installation"), sandbox) as running:
        yield running


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def new_context(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Callable[[], BrowserContext]]:
    """Make browser profiles that share nothing; they close with the test."""
    opened: list[BrowserContext] = []

    def make() -> BrowserContext:
        context = browser.new_context(locale="en-US", viewport={"width": 1440, "height": 1000})
        context.set_default_timeout(20_000)
        opened.append(context)
        return context

    yield make
    if getattr(request.node, "failed", False):
        _keep_pictures(request.node.name, opened)
    for context in opened:
        context.close()


@pytest.fixture
def page(new_context: Callable[[], BrowserContext]) -> Page:
    return new_context().new_page()


@pytest.fixture(autouse=True)
def _fresh_throttle(request: pytest.FixtureRequest) -> None:
    if "installation" in request.fixturenames:
        installation: Installation = request.getfixturevalue("installation")
        installation.forget_failures()


@pytest.fixture(autouse=True)
def _free_exchange_accounts(request: pytest.FixtureRequest) -> Iterator[None]:
    """Let the next test add the same exchange accounts: each belongs to one client at a time."""
    yield
    if "installation" in request.fixturenames:
        installation: Installation = request.getfixturevalue("installation")
        installation.remove_accounts()


@pytest.fixture
def client(installation: Installation) -> User:
    """A client of their own for each test, so that tests can share an installation."""
    return installation.add_person(f"client{next(_numbers)}")


@pytest.fixture
def admin(installation: Installation) -> User:
    return installation.add_person(f"admin{next(_numbers)}", role=Role.ADMIN)


@pytest.fixture
def person(page: Page, installation: Installation, client: User) -> Person:
    """The client, signed in and looking at the overview."""
    person = Person(page, installation.url)
    person.sign_in(client.login)
    return person


def _keep_pictures(name: str, contexts: list[BrowserContext]) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    for number, page in enumerate(page for context in contexts for page in context.pages):
        page.screenshot(path=PICTURES / f"{name}-{number}.png", full_page=True)
