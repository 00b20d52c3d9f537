"""Badges: icon, words and age together, never a colour alone."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from core.domain.reading_plans import ReadingPlan
from core.domain.types import AccountStatus, SyncState
from core.ui.format import Formats
from core.ui.freshness import STATUSES, Pulse, age_badge, crowd, pace, status_badge, summary
from core.ui.i18n import use_language
from core.ui.tables import pair_name
from tests.core.persistence import makers

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
FORMATS = Formats("en", "UTC")
ACCOUNT = makers.make_account(makers.make_user("ana"), name="Binance")


def pulse(age: float | None, *, ok: bool = True) -> Pulse:
    use_language("en")
    read = None if age is None else NOW - timedelta(seconds=age)
    state = SyncState(ACCOUNT.id, ACCOUNT.user_id, 30, NOW, 1, last_ok_at=read)
    return Pulse(ACCOUNT, state, (makers.make_wallet(ACCOUNT, ok=ok),))


@pytest.mark.parametrize(
    ("age", "words"),
    [(12, "12 s ago"), (90, "late · 1 min ago"), (400, "out of date · 6 min ago"), (None, "not read yet")],
)
def test_an_age_is_told_in_words_with_an_icon(age: float | None, words: str) -> None:
    text = age_badge(pulse(age), FORMATS, NOW)
    assert words in text
    assert ":material/" in text


def test_a_fresh_reading_with_a_failed_wallet_is_partial() -> None:
    assert "partial" in age_badge(pulse(5, ok=False), FORMATS, NOW)


def test_a_paused_account_says_so_instead_of_an_age() -> None:
    paused = replace(pulse(5), account=replace(ACCOUNT, is_active=False))
    assert "paused" in age_badge(paused, FORMATS, NOW, named=True)
    assert "Paused" in status_badge(paused.account)


def test_the_sum_tells_the_oldest_age_and_how_many_are_up_to_date() -> None:
    other = replace(pulse(400), account=replace(ACCOUNT, id=uuid4()))
    assert "Updated 6 min ago · 1/2 accounts" in summary([pulse(5), other], FORMATS, NOW)
    assert "Updated 5 s ago · 1/1 accounts" in summary([pulse(5)], FORMATS, NOW)
    assert "No reading yet" in summary([pulse(None)], FORMATS, NOW)


def test_every_status_has_an_icon_and_words_of_its_own() -> None:
    assert set(STATUSES) == set(AccountStatus)
    assert len({icon for _color, icon, _words in STATUSES.values()}) == len(STATUSES)


@pytest.mark.parametrize(
    ("symbol", "name"),
    [
        ("BTC/USDT", "BTC/USDT"),
        ("BTC/USDT:USDT", "BTC/USDT"),
        ("BTC/USD:BTC", "BTC/USD · BTC"),
        ("BTC/USDT:USDT-260327", "BTC/USDT · 260327"),
    ],
)
def test_a_pair_is_written_as_people_write_it(symbol: str, name: str) -> None:
    assert pair_name(symbol) == name


@pytest.mark.parametrize(
    ("tier", "is_main", "seconds", "words"),
    [
        ("main", True, 30, "read every 30 s · main account"),
        ("main", True, 83, "read every 83 s · main account"),
        ("watched", False, 30, "read every 30 s · on screen"),
        ("active", False, 120, "read every 2 min · not on screen"),
        ("rest", False, 300, "read every 5 min · client away"),
    ],
)
def test_how_often_an_account_is_read_is_told_with_the_reason(
    tier: str, is_main: bool, seconds: int, words: str
) -> None:
    use_language("en")
    state = SyncState(ACCOUNT.id, ACCOUNT.user_id, seconds, NOW, 1, tier=tier)
    assert pace(state, replace(ACCOUNT, is_main=is_main)) == words
    assert pace(state, replace(ACCOUNT, is_active=False)) == ""
    assert pace(None, ACCOUNT) == ""


@pytest.mark.parametrize(
    ("language", "seconds", "words"),
    [
        ("en", {"main": 83}, "Binance: 412 accounts, one address allows 150 at 30 s: now every 83 s"),
        ("pt_BR", {"main": 83}, "Binance: 412 contas, um endereço permite 150 a cada 30 s: agora a cada 83 s"),
        (
            "en",
            {"main": 30, "active": 240, "rest": 601},
            "Binance: 412 accounts, one address allows 150 at 30 s: now main accounts every 30 s, others every 601 s",
        ),
    ],
)
def test_what_an_exchange_s_limits_make_of_the_intervals_is_told_in_one_sentence(
    language: str, seconds: dict[str, int], words: str
) -> None:
    use_language(language)
    wanted = {"main": 30, "watched": 30, "active": 120, "rest": 300}
    plan = ReadingPlan("binance", "", 412, 150, seconds, wanted, NOW)
    assert plan.is_stretched
    assert crowd(plan, "Binance") == words
