"""A Secret shows itself nowhere."""

import copy
import json
import pickle
from dataclasses import asdict, dataclass

import pytest

from core.security.secret import MASK, Secret

CANARY = "canary-3f9a1c"


@dataclass(frozen=True)
class Holder:
    key: Secret


@pytest.mark.parametrize(
    "shown",
    [
        repr(Secret(CANARY)),
        str(Secret(CANARY)),
        f"{Secret(CANARY)}",
        f"{Secret(CANARY):>20}",
        f"{Secret(CANARY)!r}",
        "%s %r" % (Secret(CANARY), Secret(CANARY)),  # noqa: UP031 - the old way of formatting is what is tested
        repr({"key": [Secret(CANARY)]}),
        repr(Holder(Secret(CANARY))),
        str(asdict(Holder(Secret(CANARY)))),
    ],
)
def test_no_way_of_showing_gives_the_text(shown: str) -> None:
    assert CANARY not in shown
    assert MASK in shown


def test_reveal_gives_the_text() -> None:
    assert Secret(CANARY).reveal() == CANARY


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickling_is_refused(protocol: int) -> None:
    with pytest.raises(TypeError, match="never pickled"):
        pickle.dumps(Secret(CANARY), protocol)


def test_json_is_refused() -> None:
    with pytest.raises(TypeError):
        json.dumps(Secret(CANARY))


def test_equality_is_of_secrets_only() -> None:
    assert Secret(CANARY) == Secret(CANARY)
    assert Secret(CANARY) != Secret("other")
    assert Secret(CANARY) != CANARY
    assert Secret("\udcff") == Secret("\udcff")


def test_it_cannot_be_a_dictionary_key() -> None:
    with pytest.raises(TypeError):
        hash(Secret(CANARY))


def test_copies_are_the_same_object() -> None:
    secret = Secret(CANARY)
    assert copy.copy(secret) is secret
    assert copy.deepcopy(secret) is secret


def test_it_has_no_dictionary_of_attributes() -> None:
    assert not hasattr(Secret(CANARY), "__dict__")


def test_an_empty_secret_is_false() -> None:
    assert not Secret("")
    assert Secret("x")
