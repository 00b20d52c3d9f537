"""Signing in and out in a real browser: setup link, sessions that last, sign-out, throttle."""

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import BrowserContext, Page, expect

from connectors.sandbox import Sandbox
from core.domain.types import User
from tests.e2e.installation import PASSWORD, Installation
from tests.e2e.person import Person


def test_the_setup_link_makes_the_first_administrator_who_adds_a_client_who_signs_in(
    tmp_path: Path, sandbox: Sandbox, new_context: Callable[[], BrowserContext]
) -> None:
    with Installation(tmp_path, sandbox) as installation:
        link = installation.run("-m", "core", "setup-link").stdout.strip()
        assert link.startswith(f"{installation.url}/setup?token=")
        admin = Person(new_context().new_page(), installation.url)
        admin.page.goto(f"{link}&lang=en")
        for label, text in (("Your name", "Olga Op"), ("Sign-in name", "olga"), ("Password again", PASSWORD)):
            admin.page.get_by_label(label, exact=True).fill(text)
        admin.page.get_by_label("Password", exact=True).fill(PASSWORD)
        admin.page.get_by_role("button", name="Create and sign in").click()
        admin.settle()
        expect(admin.page.get_by_text("Olga Op")).to_be_visible()

        admin.go_to("Clients")
        form = admin.page.locator(".st-key-add_client")
        form.get_by_label("Name", exact=True).fill("Maria S.")
        form.get_by_label("Sign-in name").fill("maria")
        form.get_by_role("textbox", name="First password").fill(PASSWORD)
        form.get_by_role("button", name="Add client").click()
        expect(admin.page.get_by_text("Maria S.").first).to_be_visible()
        admin.sign_out()

        client = Person(new_context().new_page(), installation.url)
        client.sign_in("maria")
        expect(client.page.get_by_text("Maria S.").first).to_be_visible()
        expect(client.page.get_by_role("link", name="Clients")).to_have_count(0)

        again = installation.run("-m", "core", "setup-link")
        assert again.returncode == 1 and "setup_done" in again.stderr
        answer = client.page.goto(link)
        assert answer is not None and answer.status in (404, 409, 410)


def test_a_session_survives_a_reload_a_new_tab_and_a_restart_of_the_server(
    tmp_path: Path, sandbox: Sandbox, new_context: Callable[[], BrowserContext]
) -> None:
    with Installation(tmp_path, sandbox) as installation:
        installation.add_person("rita")
        rita = Person(new_context().new_page(), installation.url)
        rita.sign_in("rita")
        rita.page.reload()
        rita.settle()
        tab = Person(rita.page.context.new_page(), installation.url)
        tab.open("/accounts")
        tab.settle()
        expect(tab.page.get_by_text("Rita").first).to_be_visible()
        tab.page.close()

        installation.stop("web")
        installation.start("web")
        installation.wait_until_ready()
        rita.page.reload()
        rita.settle()
        expect(rita.page.get_by_text("Rita").first).to_be_visible()


def test_signing_out_ends_the_session_on_the_server_and_in_every_tab(person: Person) -> None:
    cookie = person.page.context.cookies()[0]
    copy = {name: cookie.get(name, "") for name in ("name", "value", "domain", "path")}
    tab = Person(person.page.context.new_page(), person.url)
    tab.open()
    tab.settle()
    person.sign_out()
    expect(tab.page.get_by_label("Sign-in name")).to_be_visible(timeout=30_000)
    person.page.context.add_cookies([{"secure": True, "httpOnly": True, **copy}])  # type: ignore[typeddict-item]
    person.open()
    expect(person.page.get_by_label("Sign-in name")).to_be_visible()


def test_a_wrong_password_is_refused_and_many_are_slowed_down(page: Page, installation: Installation) -> None:
    installation.add_person("slow")
    visitor = Person(page, installation.url)
    visitor.open("/login?lang=en")
    for _ in range(5):
        visitor.try_to_sign_in("slow", "not-the-password-at-all")
        expect(page.get_by_role("alert")).to_contain_text("The name or the password is not right")
    visitor.try_to_sign_in("slow", "not-the-password-at-all")
    expect(page.get_by_role("alert")).to_contain_text("Too many attempts")
    page.wait_for_timeout(1200)
    visitor.try_to_sign_in("slow", PASSWORD)
    visitor.settle()


def test_the_sign_in_page_does_not_tell_a_known_name_from_an_unknown_one(
    page: Page, installation: Installation, client: User
) -> None:
    visitor = Person(page, installation.url)
    visitor.open("/login?lang=en")
    answers = []
    for login in (client.login, "nobody-of-this-name"):
        visitor.try_to_sign_in(login, "not-the-password-at-all")
        answers.append(page.get_by_role("alert").inner_text())
    assert answers[0] == answers[1]


def test_a_deep_link_leads_to_the_sign_in_page_and_back(page: Page, installation: Installation, client: User) -> None:
    visitor = Person(page, installation.url)
    visitor.open("/accounts?lang=en")
    assert "/login?next=%2Faccounts" in page.url
    visitor.page.get_by_role("textbox").first.fill(client.login)
    visitor.page.locator("input[type=password]").fill(PASSWORD)
    visitor.page.locator("button[type=submit]").click()
    visitor.settle()
    assert "/accounts" in page.url
