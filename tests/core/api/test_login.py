"""Sign-in, sign-out and the password again, over real HTTP."""

import re
import threading

import pytest

from core.domain.types import Role
from tests.core.api.parts import HTML, PASSWORD, Site

WRONG = "not the right words"


def test_signing_in_sets_a_cookie_for_this_host_only_and_leads_back(site: Site) -> None:
    site.add_person("ana")
    answer = site.post("/login", {"login": "ana", "password": PASSWORD, "next": "/accounts?view=main"})
    assert (answer.status, answer.location) == (303, "/accounts?view=main")
    attributes = {part.strip().lower().partition("=")[0] for part in answer.headers["set-cookie"].split(";")}
    assert {"secure", "httponly", "samesite", "path"} < attributes
    assert "domain" not in attributes
    assert answer.headers["set-cookie"].startswith("__Host-session=")
    assert site.get("/", token=answer.token).status == 200


def test_a_sign_in_leads_to_no_other_site(site: Site) -> None:
    site.add_person("ana")
    answer = site.post("/login", {"login": "ana", "password": PASSWORD, "next": "//evil.example/"})
    assert answer.location == "/"


@pytest.mark.parametrize("login", ["ana", "nobody"])
def test_a_wrong_sign_in_says_the_same_whoever_it_was(site: Site, login: str) -> None:
    site.add_person("ana")
    answer = site.post("/login", {"login": login, "password": WRONG, "next": "/accounts", "lang": "en"})
    assert answer.status == 401
    assert answer.token == ""
    assert '<p class="alert" role="alert">The name or the password is not right.' in answer.text
    assert 'name="next" value="/accounts"' in answer.text
    assert WRONG not in answer.text


def test_too_many_attempts_are_told_how_long_to_wait(site: Site) -> None:
    for _ in range(5):
        assert site.post("/login", {"login": "ana", "password": WRONG}).status == 401
    answer = site.post("/login", {"login": "ana", "password": WRONG, "lang": "en"})
    assert answer.status == 429
    assert int(answer.headers["retry-after"]) >= 1
    assert "Please wait 2 s" in answer.text


def test_many_attempts_at_once_gain_nothing(site: Site) -> None:
    site.add_person("ana")
    statuses: list[int] = []

    def attempt(number: int) -> None:
        statuses.append(site.post("/login", {"login": "ana", "password": f"{WRONG} {number}"}).status)

    threads = [threading.Thread(target=attempt, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses.count(401) == 5
    assert statuses.count(429) == 15


def test_a_new_sign_in_gets_a_new_token_and_ends_the_session_of_before(site: Site) -> None:
    site.add_person("ana")
    before = site.sign_in("ana")
    after = site.post("/login", {"login": "ana", "password": PASSWORD}, token=before).token
    assert after != before
    assert site.get("/", token=before).status == 303
    assert site.get("/", token=after).status == 200


def test_a_cookie_of_before_is_not_taken_over(site: Site) -> None:
    site.add_person("ana")
    planted = "A" * 43
    assert site.post("/login", {"login": "ana", "password": PASSWORD}, token=planted).token != planted
    assert site.get("/", token=planted).status == 303


def test_whoever_is_signed_in_is_led_on_from_the_sign_in_page(site: Site) -> None:
    site.add_person("ana")
    answer = site.get("/login?next=%2Faccounts", token=site.sign_in("ana"))
    assert (answer.status, answer.location) == (303, "/accounts")


@pytest.mark.parametrize("path", ["/logout", "/auth/logout"])
def test_signing_out_ends_the_session_and_takes_the_cookie_back(site: Site, path: str) -> None:
    site.add_person("ana")
    token = site.sign_in("ana")
    answer = site.get(path, token=token)
    assert (answer.status, answer.location) == (303, "/login?notice=signed_out")
    assert "max-age=0" in answer.headers["set-cookie"].lower()
    assert site.get("/", token=token).status == 303
    assert "Você saiu da sua conta." in site.get("/login?notice=signed_out").text


def test_a_link_on_another_site_signs_nobody_out(site: Site) -> None:
    site.add_person("ana")
    token = site.sign_in("ana")
    answer = site.get("/logout", token=token, headers={**HTML, "sec-fetch-site": "cross-site"})
    assert (answer.status, "Sair da conta?" in answer.text) == (200, True)
    assert site.get("/", token=token).status == 200


def test_the_password_again_leads_back_and_counts_for_ten_minutes(site: Site) -> None:
    site.add_person("ana")
    token = site.sign_in("ana")
    site.clock.advance(minutes=11)
    path = "/exports/balances.csv?dialect=iso"
    asked = site.get(path, token=token)
    assert (asked.status, asked.location) == (303, "/reauth?next=%2Fexports%2Fbalances.csv%3Fdialect%3Diso")
    form = site.get(asked.location, token=token)
    assert f'name="next" value="{path}"' in form.text
    assert site.post("/reauth", {"password": WRONG, "next": path}, token=token).status == 401
    confirmed = site.post("/reauth", {"password": PASSWORD, "next": path}, token=token)
    assert f'<meta http-equiv="refresh" content="0; url={path}">' in confirmed.text
    assert site.get(path, token=token).status == 200
    page = site.post("/reauth", {"password": PASSWORD, "next": "/accounts?client=1"}, token=token)
    assert (page.status, page.location) == (303, "/accounts?client=1")


def test_the_password_again_needs_a_session(site: Site) -> None:
    assert site.get("/reauth?next=/x").location == "/login?next=%2Freauth%3Fnext%3D%2Fx"
    assert site.post("/reauth", {"password": PASSWORD}).status == 401


def test_a_form_that_is_too_large_is_refused_unread(site: Site) -> None:
    assert site.post("/login", {"login": "ana", "password": "x" * 20_000}).status == 413


def test_the_page_speaks_the_browsers_language_or_the_chosen_one(site: Site) -> None:
    assert '<html lang="pt-BR">' in site.get("/login").text
    assert '<html lang="en">' in site.get("/login", headers={**HTML, "accept-language": "en-GB,pt;q=0.5"}).text
    chosen = site.get("/login?lang=en&next=%2Faccounts", headers={**HTML, "accept-language": "pt-BR"}).text
    assert "<title>Sign in · GlobalAutomation</title>" in chosen
    assert 'href="/login?next=%2Faccounts&amp;lang=pt_BR"' in chosen


def test_the_form_has_labels_and_names_its_fields_for_password_managers(site: Site) -> None:
    text = site.get("/login").text
    for name, autocomplete in (("login", "username"), ("password", "current-password")):
        assert f'<label for="{name}">' in text
        assert re.search(rf'<input id="{name}"[^>]* autocomplete="{autocomplete}"', text)
    assert "<script" not in text


def test_what_was_typed_comes_back_as_text(site: Site) -> None:
    text = site.post("/login", {"login": '"><script>alert(1)</script>', "password": WRONG}).text
    assert "<script" not in text
    assert "&lt;script&gt;" in text


def test_a_fresh_installation_says_where_the_first_link_is(site: Site) -> None:
    assert "link de uso único" in site.get("/login").text
    site.add_person("root", Role.ADMIN)
    assert "link de uso único" not in site.get("/login").text
