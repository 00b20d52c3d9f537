"""A new password in a real browser: the other browser is sent to the sign-in page, and nothing typed is found."""

import time
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import BrowserContext, Page, expect

from connectors.sandbox import Sandbox
from tests.e2e.installation import PASSWORD, Installation
from tests.e2e.person import Person
from tests.e2e.test_secrets import files_of, forms

NEW = "seven-purple-anchors-41"
WRONG = "not-this-one-in-any-case"
WITHIN_SECONDS = 10


def change(page: Page, current: str, new: str) -> None:
    """Fill the form for a new password in and send it."""
    for label, text in (("Current password", current), ("New password", new), ("New password again", new)):
        page.get_by_label(label, exact=True).fill(text)
    page.get_by_role("button", name="Change the password").click()


def test_a_new_password_signs_the_other_browser_out_within_ten_seconds(
    tmp_path: Path, sandbox: Sandbox, new_context: Callable[[], BrowserContext]
) -> None:
    seen: list[bytes] = []
    with Installation(tmp_path, sandbox, GA_LOG_LEVEL="DEBUG") as installation:
        installation.add_person("paula")
        here, there = (Person(new_context().new_page(), installation.url) for _ in range(2))
        here.page.on("websocket", lambda socket: socket.on("framereceived", lambda data: seen.append(_bytes(data))))
        for person in (here, there):
            person.sign_in("paula")
        here.go_to("Settings")
        change(here.page, WRONG, NEW)
        expect(here.page.get_by_text("The current password is not right.")).to_be_visible()
        expect(here.page.get_by_label("Current password", exact=True)).to_have_value("")
        there.settle()

        change(here.page, PASSWORD, NEW)
        expect(here.page.get_by_text("The password is changed.")).to_be_visible()
        started = time.monotonic()
        expect(there.page.get_by_label("Sign-in name")).to_be_visible(timeout=WITHIN_SECONDS * 1000)
        assert time.monotonic() - started <= WITHIN_SECONDS
        expect(here.page.get_by_label("New password", exact=True)).to_have_value("")
        expect(here.page.locator("[class*=st-key-session_]")).to_have_count(1)
        seen.append(here.page.content().encode())

        there.open("/login?lang=en")
        there.try_to_sign_in("paula", PASSWORD)
        expect(there.page.get_by_role("alert")).to_contain_text("The name or the password is not right")
        there.try_to_sign_in("paula", NEW)
        there.settle()
    needles = [form for secret in (PASSWORD, NEW, WRONG) for form in forms(secret)]
    places = {str(path): path.read_bytes() for path in files_of(tmp_path)} | {"pages": b"\n".join(seen)}
    assert "Application startup complete" in (tmp_path / "web.log").read_text()
    assert [name for name, content in places.items() if any(needle in content for needle in needles)] == []


def test_one_other_device_is_signed_out_from_the_list(
    new_context: Callable[[], BrowserContext], person: Person, installation: Installation
) -> None:
    login = person.page.get_by_text("Signed in as")
    person.go_to("Settings")
    expect(login).to_be_visible()
    name = login.inner_text().removeprefix("Signed in as").strip()
    other = Person(new_context().new_page(), installation.url)
    other.sign_in(name)
    person.page.reload()
    person.settle()
    rows = person.page.locator("[class*=st-key-session_]")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("this session")
    rows.last.get_by_role("button", name="Sign out").click()
    expect(rows).to_have_count(1)
    expect(other.page.get_by_label("Sign-in name")).to_be_visible(timeout=WITHIN_SECONDS * 1000)
    person.go_to("Overview")


def _bytes(data: str | bytes) -> bytes:
    return data if isinstance(data, bytes) else data.encode()
