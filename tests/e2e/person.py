"""What a person does in the browser, in short words."""

from playwright.sync_api import Locator, Page, Response, expect

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

    def heading(self, name: str) -> Locator:
        """Return the heading of this name."""
        return self.page.get_by_role("heading", name=name)
