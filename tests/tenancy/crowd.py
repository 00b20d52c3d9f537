"""Many people at once, each in one tab, on random pages with forged addresses: does anybody get somebody else's?"""

import random
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from websockets.exceptions import WebSocketException

from tests.tenancy.canaries import Canary, kinds_seen
from tests.tenancy.forging import random_ask
from tests.tenancy.wire import Answer, Ask, Tab
from tests.tenancy.world import World

SHOWN = 20


@dataclass(slots=True)
class Outcome:
    """What all tabs together saw; the lock guards it."""

    runs: int = 0
    received: int = 0  # bytes
    own: Counter[str] = field(default_factory=Counter)
    foreign: int = 0
    strays: int = 0  # answers of another session
    faults: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def complain(self, text: str) -> None:
        """Keep what went wrong, the first few in words."""
        with self.lock:
            if len(self.faults) < SHOWN:
                self.faults.append(text)


@dataclass(slots=True)
class Shared:
    """What tabs tell each other, so that each can misuse it: fragments, widgets and sessions by login name."""

    fragments: dict[str, list[str]] = field(default_factory=dict)


def run_crowd(world: World, reruns: int, say: Callable[[int], None] | None = None) -> Outcome:
    """Let every client look `reruns` times, all at the same time; `say` hears the count now and then."""
    outcome, shared = Outcome(), Shared()
    pages = world.hashes()
    for canary in world.clients:
        world.cookie(canary)
    together = threading.Barrier(len(world.clients))

    def look(canary: Canary, seed: int) -> None:
        rng = random.Random(seed)
        try:
            with world.tab(canary) as tab:
                session_id = tab.run(Ask("account=all")).session_id
                together.wait()
                for _ in range(reruns):
                    _look_once(world, canary, tab, (rng, pages, session_id), (outcome, shared))
                    if say is not None:
                        say(outcome.runs)
        except (OSError, WebSocketException, threading.BrokenBarrierError) as e:  # TimeoutError is an OSError
            together.abort()
            outcome.complain(f"{canary.user.login}: {type(e).__name__} {e}")

    threads = [threading.Thread(target=look, args=(one, seed)) for seed, one in enumerate(world.clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcome


def _look_once(
    world: World,
    canary: Canary,
    tab: Tab,
    given: tuple[random.Random, dict[str, str], str],
    kept: tuple[Outcome, Shared],
) -> None:
    rng, pages, session_id = given
    outcome, shared = kept
    others = [other for other in world.clients if other is not canary]
    asks = [random_ask(rng, canary, others, pages)]
    stolen = [one for login, ids in list(shared.fragments.items()) if login != canary.user.login for one in ids]
    if stolen and rng.random() < 0.2:
        asks.insert(0, Ask(fragment=rng.choice(stolen)))  # another's, or one's own where both are on the same page
    answer = tab.run(*asks)
    shared.fragments[canary.user.login] = answer.fragments
    _judge(world, canary, answer, (asks, session_id), outcome)
    own = shared.fragments[canary.user.login]
    if own and rng.random() < 0.3:
        again = tab.run(Ask(asks[-1].query, asks[-1].page_hash, rng.choice(own)))
        _judge(world, canary, again, (asks, session_id), outcome)


def _judge(world: World, canary: Canary, answer: Answer, asked: tuple[list[Ask], str], outcome: Outcome) -> None:
    asks, session_id = asked
    found = world.foreign(canary, answer, *asks)
    stray = bool(answer.session_id) and answer.session_id != session_id
    seen = kinds_seen(answer.raw, canary)
    with outcome.lock:
        outcome.runs += 1
        outcome.received += sum(map(len, answer.raw))
        outcome.own.update(seen)
        outcome.foreign += len(found)
        outcome.strays += stray
    if found:
        outcome.complain(f"{canary.user.login} asked {asks} and got {found[:3]}")
    if stray:
        outcome.complain(f"{canary.user.login} got an answer of session {answer.session_id}")
