"""What a run came to, and whose trouble an error code is."""

import inspect
from datetime import timedelta

import pytest

from connectors import errors
from core.domain.sync_runs import CLASS_OF, CLASSES, ErrorClass, RunOutcome, error_class, outcome_of
from core.sync.due import AUTH_CODES
from tests.core.persistence.makers import make_account, make_run, make_user

BASES = {"connector", "unknown", "timestamp_skew"}  # never raised as such; and our own clock is our own trouble


@pytest.mark.parametrize(
    ("code", "whole", "outcome"),
    [
        (None, True, RunOutcome.OK),
        (None, False, RunOutcome.PARTIAL),
        ("network", True, RunOutcome.FAILED),
        ("suspect", False, RunOutcome.PARTIAL),
        ("missed", True, RunOutcome.MISSED),
        ("stopped", True, RunOutcome.MISSED),
    ],
)
def test_the_outcome_follows_from_code_and_wallets(code: str | None, whole: bool, outcome: RunOutcome) -> None:
    assert outcome_of(code, whole=whole) is outcome


def test_every_code_of_the_connectors_has_a_kind_of_trouble() -> None:
    codes = {
        str(vars(kind)["code"]) for _name, kind in inspect.getmembers(errors, inspect.isclass) if "code" in vars(kind)
    }
    assert codes - BASES - set(CLASS_OF) == set()


def test_what_only_the_person_can_cure_is_the_keys_trouble() -> None:
    assert {error_class(code) for code in AUTH_CODES} == {ErrorClass.KEY}


def test_no_code_has_two_kinds_and_an_unknown_one_is_our_own() -> None:
    assert sum(len(codes) for codes in CLASSES.values()) == len(CLASS_OF)
    assert error_class("never_heard_of") is ErrorClass.OWN


def test_a_runs_reason_is_its_own_code_or_that_of_the_first_wallet_that_failed() -> None:
    account = make_account(make_user("ana"))
    assert make_run(account).reason is None
    assert make_run(account, wallets_failed={"spot": "network", "usdm": "bad_response"}).reason == "network"
    assert make_run(account, error_code="bad_key").reason == "bad_key"
    assert make_run(account).duration == timedelta(milliseconds=700)
