"""Money, numbers, dates and ages as people read them, and text that people gave."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from core.ui.format import MISSING, Formats, plain
from core.ui.i18n import use_language

PT, EN = Formats("pt_BR", "America/Sao_Paulo"), Formats("en", "Europe/London")
INSTANT = datetime(2026, 11, 22, 1, 30, tzinfo=UTC)
SPACE = "\xa0"


@pytest.mark.parametrize(
    ("value", "portuguese", "english"),
    [
        (Decimal("1234567.891"), "US$ 1.234.567,89", "$1,234,567.89"),
        (0, "US$ 0,00", "$0.00"),
        (-0.001, "US$ 0,00", "$0.00"),
        (-12.5, "-US$ 12,50", "-$12.50"),
        (None, MISSING, MISSING),
    ],
)
def test_money_is_written_as_the_locale_writes_it(value: float | None, portuguese: str, english: str) -> None:
    assert PT.money(value).replace(SPACE, " ") == portuguese
    assert EN.money(value) == english


@pytest.mark.parametrize(
    ("value", "text"),
    [(12.5, "+$12.50"), (-12.5, "-$12.50"), (0.001, "$0.00"), (-0.004, "$0.00"), (None, MISSING)],
)
def test_profit_and_loss_are_signed_in_ascii_and_never_minus_zero(value: float | None, text: str) -> None:
    assert EN.money(value, signed=True) == text


def test_amounts_keep_eight_decimals_without_trailing_zeros_and_any_size() -> None:
    assert PT.amount(Decimal("0.50000000")) == "0,5"
    assert PT.amount(Decimal("1234567.123456789")) == "1.234.567,12345679"
    assert PT.amount(Decimal("-3")) == "-3"
    assert PT.amount(None) == MISSING
    assert EN.amount(Decimal("1" + "0" * 38)).startswith("100,000,000")


def test_an_amount_too_small_to_show_is_not_shown_as_zero() -> None:
    assert EN.amount(Decimal("0.000000001")) == "<0.00000001"
    assert EN.amount(Decimal("-0.000000001")) == "-<0.00000001"


@pytest.mark.parametrize(
    ("price", "text"),
    [("88239.981", "88,239.98"), ("2.3712", "2.3712"), ("1", "1.00"), ("0.00001234", "0.00001234"), ("0", "0.00")],
)
def test_prices_show_as_many_decimals_as_their_size_asks_for(price: str, text: str) -> None:
    assert EN.price(Decimal(price)) == text


def test_ratios_become_percent_only_here() -> None:
    assert PT.percent(0.0137, signed=True) == "+1,37%"
    assert PT.percent(-0.00001, signed=True) == "0,00%"
    assert PT.percent(None) == MISSING


def test_days_and_times_are_those_of_the_persons_zone() -> None:
    assert PT.date(INSTANT) == "21/11/2026"
    assert PT.day(INSTANT) == "21/11"
    assert PT.instant(INSTANT) == "21/11/2026 22:30"
    assert EN.instant(INSTANT) == "22 Nov 2026 01:30"
    assert PT.time(None) == PT.date(None) == PT.instant(None) == MISSING


@pytest.mark.parametrize(
    ("age", "text"),
    [(0, "0 s"), (59.9, "59 s"), (60, "1 min"), (3599, "59 min"), (7200, "2 h"), (200_000, "2 d"), (-5, "0 s")],
)
def test_an_age_is_told_in_its_largest_whole_unit(age: float, text: str) -> None:
    use_language("en")
    assert EN.age(INSTANT - timedelta(seconds=age), INSTANT) == text


def test_charts_get_the_locales_separators() -> None:
    assert (PT.separators, EN.separators) == (",.", ".,")


@pytest.mark.parametrize(
    "text",
    [
        "**bold**",
        "[a](http://evil.example)",
        "![i](http://evil.example/x.png)",
        "<b>x</b>",
        "$x$",
        "`code`",
        "# head",
        "a_b_c",
        "| t |",
    ],
)
def test_plain_text_escapes_what_markdown_would_act_on(text: str) -> None:
    shown = plain(text)
    for position, sign in enumerate(shown):
        if sign in "*_[]()<>$`#!|":
            assert shown[position - 1] == "\\"


@pytest.mark.parametrize("text", [":red[x]", ":smile:", ":material/home:", "https://x", "www.x.com", "ana@x.com"])
def test_plain_text_breaks_directives_and_automatic_links_without_a_visible_trace(text: str) -> None:
    shown = plain(text)
    assert "\u2060" in shown
    assert shown.replace("\u2060", "").replace("\\", "") == text


def test_plain_text_is_one_line() -> None:
    assert plain("a\n\n# b") == "a \\# b"


@pytest.mark.parametrize(("value", "shown"), [("0.125", "0,13"), ("0.135", "0,14"), ("-0.125", "-0,13")])
def test_halves_are_rounded_away_from_zero(value: str, shown: str) -> None:
    assert Formats("pt_BR", "UTC").number(Decimal(value)) == shown


def test_an_exact_amount_keeps_every_digit() -> None:
    value = Decimal("-1234567.123456789012345678")
    assert Formats("pt_BR", "UTC").exact(value) == "-1.234.567,123456789012345678"
    assert Formats("en", "UTC").exact(Decimal("0.10")) == "+0.10"
