"""Streamlit's start page in our clothes."""

from pathlib import Path

from core.api.index_html import rewrite
from core.services import auth
from core.services.people import Preferences, update_preferences
from tests.core.api.parts import HTML, Site


def test_the_start_page_has_our_name_and_the_persons_language(site: Site) -> None:
    site.add_person("ana")
    token = site.sign_in("ana")
    first = site.get("/accounts", token=token)
    assert '<html lang="pt-BR">' in first.text
    assert "<title>GlobalAutomation</title>" in first.text
    assert "Streamlit</title>" not in first.text
    assert int(first.headers["content-length"]) == len(first.body)
    login = auth.resolve_token(site.web.storage, site.web.tokens, token, site.clock())
    assert login is not None
    scope, _ = auth.scope_of(site.web.storage, login[0].id, site.clock(), touch=False)
    update_preferences(site.web.storage, scope, Preferences(language="en"), now=site.clock())
    assert '<html lang="en">' in site.get("/", token=token).text


def test_no_cached_copy_is_asked_for_or_offered(site: Site) -> None:
    site.add_person("ana")
    token = site.sign_in("ana")
    answer = site.get("/", token=token, headers={**HTML, "if-none-match": '"old"', "accept-encoding": "gzip"})
    assert answer.status == 200
    assert "etag" not in answer.headers
    assert {"if-none-match", "accept-encoding"}.isdisjoint(site.seen[-1])


def test_the_link_to_the_blocked_agent_is_gone(streamlit_folder: Path) -> None:
    html = rewrite((streamlit_folder / "index.html").read_text(encoding="utf-8"), "en")
    assert "_stcore/agent" not in html
    assert "This page needs JavaScript." in html
    assert 'href="/app-static/icon.svg"' in html


def test_another_page_is_left_alone() -> None:
    assert rewrite('<html lang="en"><title>Other</title>', "pt_BR") == '<html lang="en"><title>Other</title>'
