"""What a person does in the browser, in short words."""

from playwright.sync_api import Locator, Page, Response, expect

from connectors.sandbox import SandboxKey
from tests.e2e.installation import PASSWORD

SETTLED = "[data-testid=stApp][data-test-script-state=notRunning][data-test-connection-state=CONNECTED]"


class Person:
    """Somebody in front of a page of one installation."""

    def __init__(self, page: Page, url: str) -> None:
        self.page, self.url = page, url

    def open(self, path: str = "/") -> Response | None:
        """Open a path of the site."""
        return self.page.goto(f"{self.url}{path}")

    def sign_in(self, login: str, password: str = PASSWORD) -> None:
        """Fill in the sign-in page and see the first screen."""
        self.open("/login?lang=en")
        self.try_to_sign_in(login, password)
        self.settle()

    def try_to_sign_in(self, login: str, password: str) -> None:
        """Fill in the sign-in form that is on the screen and send it."""
        self.page.get_by_label("Sign-in name").fill(login)
        self.page.get_by_label("Password", exact=True).fill(password)
        self.page.get_by_role("button", name="Sign in").click()

    def settle(self) -> None:
        """Wait until Streamlit is connected and nothing runs."""
        expect(self.page.locator(SETTLED)).to_be_visible(timeout=30_000)

    def sign_out(self) -> None:
        """Press the button in the sidebar."""
        self.page.get_by_role("button", name="Sign out").click()
        expect(self.page.get_by_label("Sign-in name")).to_be_visible()

    def go_to(self, name: str) -> None:
        """Follow a link of the navigation."""
        self.page.get_by_test_id("stSidebarNav").get_by_role("link", name=name, exact=True).click()
        self.settle()

    def choose(self, label: str, option: str) -> None:
        """Choose an option of a select box."""
        self.page.get_by_role("combobox", name=label).click()
        self.page.get_by_role("option", name=option, exact=True).click()
        self.settle()

    def type_key(self, key: SandboxKey, *, passphrase: bool = True) -> None:
        """Paste a key into the fields that the form shows."""
        self._field("API key").fill(key.api_key)
        self._field("API secret").fill(key.api_secret)
        if key.passphrase and passphrase:
            self._field("Passphrase").fill(key.passphrase)

    def add_account(self, exchange: str, key: SandboxKey, *, name: str | None = None, passphrase: bool = True) -> None:
        """Go to the form, fill it in and send it."""
        self.go_to("Add account")
        self.choose("Exchange", exchange)
        if name is not None:
            self._field("Name").fill(name)
        self.type_key(key, passphrase=passphrase)
        self.page.get_by_role("button", name="Check and add").click()

    def act_on(self, account: str, action: str) -> None:
        """Choose an action from an account's menu on the Accounts page."""
        self.card(account).get_by_role("button", name="Actions").click()
        option = self.page.get_by_role("option", name=action, exact=True)
        option.or_(self.page.get_by_role("menuitem", name=action, exact=True)).click()
        self.settle()

    def card(self, account: str) -> Locator:
        """Return an account's card on the Accounts page."""
        heading = self.page.get_by_role("heading", name=account, exact=True)
        return self.page.locator("[class*=st-key-account_]").filter(has=heading).last

    def _field(self, label: str) -> Locator:
        return self.page.get_by_role("textbox", name=label, exact=True)

    def heading(self, name: str) -> Locator:
        """Return the heading of this name."""
        return self.page.get_by_role("heading", name=name)
