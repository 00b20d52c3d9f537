"""Every widget pressed, and another session's states, fragments and id sent in one's own: nothing foreign comes."""

from streamlit.proto.BackMsg_pb2 import BackMsg

from tests.tenancy.canaries import Canary, kinds_seen
from tests.tenancy.wire import Answer, Ask, poke
from tests.tenancy.world import World

NOT_PRESSED = ("-sign_out", "-sign_out_all")  # they end the session, and have the same ids in every session
ACTIONS = ("rename", "remove", "accept", "set_main", "resume", "sync", "retry", "nonsense")


def walk(world: World, own: Canary) -> dict[str, Answer]:
    """Return what every page shows to a person, by its hash; an administrator has the first client open."""
    client = f"client={world.clients[0].user.id}&" if own is world.admin else ""
    found: dict[str, Answer] = {}
    with world.tab(own) as tab:
        for page in world.hashes().values():
            found[page] = tab.run(Ask(f"{client}account=all", page))
        ledger = world.hashes()["ledger"]
        found[f"{ledger} "] = tab.run(Ask(f"{client}account=all&show=transfers&period=all", ledger))
    return found


def test_every_widget_of_every_page_answers_with_own_values_only(world: World) -> None:
    other = world.clients[0]
    for own in (world.clients[1], world.analyst):
        pressed = 0
        for page, answer in walk(world, own).items():
            query = "account=all&show=transfers&period=all" if page.endswith(" ") else "account=all"
            with world.tab(own) as tab:
                tab.run(Ask(query, page.strip()))
                for widget, kind in answer.widgets.items():
                    if widget.endswith(NOT_PRESSED):
                        continue
                    ask = Ask(query, page.strip(), states=(poke(widget, kind, str(other.accounts[0].id)),))
                    assert world.foreign(own, tab.run(ask), ask) == [], widget
                    pressed += 1
        assert pressed >= 10


def test_widget_states_and_fragments_of_another_session_do_nothing(world: World) -> None:
    other, own = world.clients[0], world.clients[1]
    before, people = world.state_of(other), count_people(world)
    for theirs in (other, world.admin):
        for page, answer in walk(world, theirs).items():
            found = {id_: kind for id_, kind in answer.widgets.items() if not id_.endswith(NOT_PRESSED)}
            states = tuple(poke(widget, kind, "rename") for widget, kind in found.items())  # some ids are theirs too
            for thief in (own, world.analyst):
                with world.tab(thief) as tab:
                    tab.run(Ask("account=all", page.strip()))
                    ask = Ask("account=all", page.strip(), states=states)
                    stolen = [Ask("account=all", page.strip(), fragment, states) for fragment in answer.fragments]
                    assert world.foreign(thief, tab.run(*stolen, ask), ask) == []
    assert world.state_of(other) == before
    assert count_people(world) == people


def test_every_action_forged_into_the_menu_of_a_foreign_account_changes_nothing(world: World) -> None:
    other, own = world.clients[0], world.clients[1]
    page, before = world.hashes()["accounts"], world.state_of(other)
    with world.tab(other) as tab:
        menus = [widget for widget, kind in tab.run(Ask("", page)).widgets.items() if kind == "menu_button"]
    assert len(menus) >= len(other.accounts)
    with world.tab(own) as tab:
        mine = [widget for widget, kind in tab.run(Ask("", page)).widgets.items() if kind == "menu_button"]
        for action in ACTIONS:
            states = tuple(poke(menu, "menu_button", action) for menu in menus)
            ask = Ask("", page, states=states)
            assert world.foreign(own, tab.run(ask), ask) == []
        for action in ("accept", "nonsense"):  # their own menu does not offer these
            forged = tab.run(Ask("", page, states=(poke(mine[0], "menu_button", action),)))
            assert world.foreign(own, forged) == []
    assert world.state_of(other) == before


def test_nobody_resumes_the_streamlit_session_of_another_login(world: World) -> None:
    other, own = world.clients[0], world.clients[1]
    with world.tab(other) as tab:
        theirs = tab.run(Ask("account=all"))
    with world.tab(own, resume=theirs.session_id) as tab:  # theirs is disconnected and kept for a minute
        answer = tab.run(Ask("account=all"))
    assert theirs.session_id and answer.session_id != theirs.session_id
    assert world.foreign(own, answer) == []
    assert kinds_seen(answer.raw, own)
    with world.tab(other, resume=theirs.session_id) as tab:
        assert tab.run(Ask("account=all")).session_id == theirs.session_id


def test_requests_beside_reruns_give_nothing_of_another_session_and_stop_nobody(world: World) -> None:
    other, own = world.clients[0], world.clients[1]
    page = world.hashes()["ledger"]
    with world.tab(other) as theirs, world.tab(own) as tab:
        known = theirs.run(Ask("account=all", page))
        tab.run(Ask("account=all", page))
        for session_id in (known.session_id, ""):
            for request in backend_requests(session_id, known):
                tab.send(request)
                answer = tab.run()
                assert world.foreign(own, answer) == []
                assert answer.messages[-1].backend_operation_response.error_msg
        for name in ("debug_shutdown_runtime", "clear_cache", "load_git_info", "stop_script"):
            message = BackMsg()
            setattr(message, name, True)
            tab.send(message)
        assert world.foreign(own, tab.run(Ask("account=all", page))) == []
        assert kinds_seen(theirs.run(Ask("account=all", page)).raw, other) >= {"moved"}


def backend_requests(session_id: str, known: Answer) -> list[BackMsg]:
    """Return requests for files and rows that another session has made."""
    found = []
    for number, widget in enumerate(known.widgets):
        for kind in ("deferred_file", "dataframe_chunk"):
            message = BackMsg()
            request = message.backend_operation_request
            request.request_id, request.session_id = f"{kind}{number}", session_id
            if kind == "deferred_file":
                request.deferred_file.file_id = widget
            else:
                request.dataframe_chunk.source_id, request.dataframe_chunk.limit = widget, 100
            found.append(message)
    return found


def count_people(world: World) -> int:
    """Return how many people there are."""
    with world.installation.storage.begin(write=False) as uow:
        return uow.users.count()
