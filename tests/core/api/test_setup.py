"""The one-time setup link, over real HTTP."""

from core.domain.types import Role
from core.services import auth
from tests.core.api.parts import PASSWORD, Site

FIELDS = {"name": "Rita Luz", "login": "rita@example.com", "password": PASSWORD, "repeated": PASSWORD}


def new_link(site: Site) -> str:
    return auth.make_setup_link(site.web.storage, site.web.tokens, now=site.clock())


def test_the_link_makes_the_first_administrator_and_signs_them_in(site: Site) -> None:
    token = new_link(site)
    form = site.get(f"/setup?token={token}")
    assert form.status == 200
    assert f'name="token" value="{token}"' in form.text
    done = site.post("/setup", {**FIELDS, "token": token, "lang": "en"})
    assert (done.status, done.location) == (303, "/")
    assert site.get("/", token=done.token).status == 200
    with site.web.storage.begin(write=False) as uow:
        [admin] = uow.users.all(role=Role.ADMIN)
    assert (admin.name, admin.login, admin.language) == ("Rita Luz", "rita@example.com", "en")


def test_looking_at_the_form_does_not_use_the_link_up(site: Site) -> None:
    token = new_link(site)
    for _ in range(3):
        assert site.get(f"/setup?token={token}").status == 200


def test_a_wrong_field_is_shown_beside_it_and_the_link_still_works(site: Site) -> None:
    token = new_link(site)
    different = site.post("/setup", {**FIELDS, "token": token, "repeated": "something else"})
    assert different.status == 422
    assert '<p class="wrong" role="alert" id="repeated-help">As duas senhas não são iguais.</p>' in different.text
    short = site.post("/setup", {**FIELDS, "token": token, "password": "curta", "repeated": "curta"})
    assert '<p class="wrong" role="alert" id="password-help">Escolha uma senha' in short.text
    assert 'value="Rita Luz"' in short.text
    assert PASSWORD not in different.text
    assert site.post("/setup", {**FIELDS, "token": token}).status == 303


def test_the_link_is_refused_once_an_administrator_exists(site: Site) -> None:
    first, second = new_link(site), new_link(site)
    assert site.post("/setup", {**FIELDS, "token": first}).status == 303
    for token in (first, second):
        assert site.get(f"/setup?token={token}").status == 409
        assert site.post("/setup", {**FIELDS, "login": "other", "token": token}).status == 409


def test_an_unknown_or_old_link_is_not_found(site: Site) -> None:
    token = new_link(site)
    assert site.get("/setup").status == 404
    assert site.get("/setup?token=guessed").status == 404
    assert site.post("/setup", {**FIELDS, "token": "guessed"}).status == 404
    site.clock.advance(hours=25)
    assert site.get(f"/setup?token={token}").status == 404
