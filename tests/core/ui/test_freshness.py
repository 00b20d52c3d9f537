"""Badges: icon, words and age together, never a colour alone."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from core.domain.types import AccountStatus, SyncState
from core.ui.format import Formats
from core.ui.freshness import STATUSES, Pulse, age_badge, status_badge, summary
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
