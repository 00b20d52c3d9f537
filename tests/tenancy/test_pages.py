"""Every page for every role, as it is and with forged addresses: nobody gets a value of somebody else."""

from uuid import uuid4

import pytest

from tests.tenancy.canaries import kinds_seen
from tests.tenancy.forging import queries
from tests.tenancy.wire import Ask, Tab
from tests.tenancy.world import World

OF_ADMINS = {"clients", "sync_health"}
OF_WRITERS = {"add_account"}
OF_MONEY = ("", "risk", "results", "ledger", "accounts")
WORDS_OF_ADMINS = (b"client_search", b"client_submit", b"First password", b"Sync health", b"health_open")
TRIES = 3  # what the sidecar stores between two looks may change a word


@pytest.mark.parametrize("place", range(2))
def test_a_client_gets_their_own_values_and_nobody_elses_on_every_page(world: World, place: int) -> None:
    own, seen = world.clients[place], set[str]()
    with world.tab(own) as tab:
        session_id = tab.run(Ask()).session_id
        for page in world.hashes().values():
            for query in ("account=all", "account=all&show=transfers&period=all", f"account={own.accounts[1].id}"):
                answer = tab.run(Ask(query, page))
                assert world.foreign(own, answer) == []
                assert answer.session_id == session_id
                seen |= kinds_seen(answer.raw, own)
                for fragment in answer.fragments:
                    again = tab.run(Ask(query, page, fragment))
                    assert again.messages and world.foreign(own, again) == []
    assert seen == {"name", "held", "moved", "id"}


def test_an_analyst_without_clients_gets_nothing_of_any_client(world: World) -> None:
    with world.tab(world.analyst) as tab:
        for page in world.hashes().values():
            for client in (*world.clients, world.admin):
                ask = Ask(f"client={client.user.id}&account=all", page)
                answer = tab.run(ask)
                assert world.foreign(world.analyst, answer, ask) == []
                assert kinds_seen(answer.raw, world.analyst) >= {"name"}


def test_an_administrator_gets_exactly_the_client_that_is_open(world: World) -> None:
    opened, other = world.clients[0], world.clients[1]
    with world.tab(world.admin) as tab:
        for name, page in world.hashes().items():
            answer = tab.run(Ask(f"client={opened.user.id}&account=all", page))
            assert kinds_seen(answer.raw, opened) >= ({"name"} if name not in ("sync_health", "settings") else set())
            if name not in OF_ADMINS:
                assert kinds_seen(answer.raw, other) == set()
            forged = tab.run(Ask(f"client={opened.user.id}&account={other.accounts[0].id}", page))
            if name not in OF_ADMINS:
                assert kinds_seen(forged.raw, other) <= {"id"}


def test_pages_of_administrators_are_listed_and_run_for_nobody_else(world: World) -> None:
    hashes = world.hashes()
    assert set(hashes) >= OF_ADMINS | OF_WRITERS
    for own, closed in ((world.clients[0], OF_ADMINS), (world.analyst, OF_ADMINS | OF_WRITERS)):
        with world.tab(own) as tab:
            assert {page.url_pathname for page in tab.run(Ask()).pages} == set(hashes) - closed
            for page in (*(hashes[name] for name in sorted(closed)), "0" * 32, "../../pages/clients.py"):
                answer = tab.run(Ask("", page))
                assert not any(word in raw for word in WORDS_OF_ADMINS for raw in answer.raw)
                assert world.foreign(own, answer) == []
    with world.tab(world.admin) as tab:
        shown = b"".join(raw for name in OF_ADMINS for raw in tab.run(Ask("", hashes[name])).raw)
    assert all(word in shown for word in WORDS_OF_ADMINS[:4])


def test_forged_addresses_reach_nobody_elses_values(world: World) -> None:
    hashes = world.hashes()
    for own in (world.clients[1], world.analyst):
        with world.tab(own) as tab:
            for page in (hashes[name] for name in OF_MONEY):
                other = world.clients[0]
                for query in queries(own, other.user.id, other.accounts[0].id, other.tag):
                    ask = Ask(query, page)
                    assert world.foreign(own, tab.run(ask), ask) == []


@pytest.mark.parametrize("role", ["client", "analyst"])
def test_a_foreign_id_and_an_unknown_one_are_answered_alike(world: World, role: str) -> None:
    own, other = (world.clients[1] if role == "client" else world.analyst), world.clients[0]
    hashes = world.hashes()
    for page in (hashes[name] for name in OF_MONEY):
        foreign = queries(own, other.user.id, other.accounts[0].id)[:5]
        unknown = queries(own, uuid4(), uuid4())[:5]
        with world.tab(own) as tab:
            for one, another in zip(foreign, unknown, strict=True):
                assert alike(tab, page, one, another), one


def alike(tab: Tab, page: str, *asked: str) -> bool:
    """Tell whether two addresses show the same words."""
    for _ in range(TRIES):
        first, second = (tab.run(Ask(query, page)).texts for query in asked)
        if first == second:
            return True
    return False
