"""Five clients at once, fifty reruns each; `make torture` takes fifty times a thousand."""

from tests.tenancy.canaries import count_foreign
from tests.tenancy.crowd import run_crowd
from tests.tenancy.wire import Ask
from tests.tenancy.world import World

RERUNS = 50


def test_nobody_in_a_crowd_gets_what_belongs_to_another(world: World) -> None:
    outcome = run_crowd(world, RERUNS)
    assert (outcome.faults, outcome.foreign, outcome.strays) == ([], 0, 0)
    assert outcome.runs >= len(world.clients) * RERUNS
    assert set(outcome.own) == {"name", "held", "moved", "id"}


def test_the_search_sees_values_of_every_kind_where_they_are(world: World) -> None:
    own = world.clients[0]
    with world.tab(own) as tab:
        found = count_foreign(tab.run(Ask("account=all")).raw, [own])
    assert {label.partition(" ")[0] for label in found} == {"name", "held", "moved", "id"}
