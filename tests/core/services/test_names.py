"""Names that people give."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidInputError
from core.services.names import LONGEST, clean_name


def refusal(text: str, field: str = "name") -> tuple[str, str]:
    with pytest.raises(InvalidInputError) as caught:
        clean_name(text, field)
    return caught.value.field, caught.value.code


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("  Binance 2\t", "Binance 2"),
        ("Jose\u0301", "Jos\u00e9"),
        ("x" * 80, "x" * 80),
        ("a\u0301" * 80, "á" * 80),
        ("币安 – réserve 🏦 <b>&", "币安 – réserve 🏦 <b>&"),
    ],
)
def test_a_name_is_kept_in_normal_form_without_outer_blanks(text: str, name: str) -> None:
    assert clean_name(text) == name


@pytest.mark.parametrize("text", ["", "   ", "\t\n", "\u00a0\u2003"])
def test_a_name_of_blanks_is_no_name(text: str) -> None:
    assert refusal(text) == ("name", "required")


def test_a_name_has_at_most_eighty_characters() -> None:
    assert refusal("x" * 81, "label") == ("label", "too_long")


@pytest.mark.parametrize(
    "character",
    [
        "\x00",
        "\n",
        "\x7f",
        "\u200b",
        "\u200d",
        "\u202e",
        "\u2066",
        "\ufeff",
        "\u2028",
        "\ue000",
        "\ud800",
        "\U000e0041",
    ],
    ids=ascii,
)
def test_invisible_and_direction_changing_characters_are_refused(character: str) -> None:
    assert refusal(f"a{character}b") == ("name", "forbidden_character")


@given(st.text(max_size=90))
def test_what_is_accepted_is_stable_short_and_visible(text: str) -> None:
    try:
        name = clean_name(text)
    except InvalidInputError:
        return
    assert clean_name(name) == name
    assert 0 < len(name) <= LONGEST
    assert unicodedata.is_normalized("NFC", name)
    assert not {unicodedata.category(character)[0] for character in name} & {"C"}
