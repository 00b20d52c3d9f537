"""Only canonical text is decoded, and no two lists of parts encode alike."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.security.encoding import EncodingError, b64u_decode, b64u_encode, pae


def test_pae_matches_the_published_vector() -> None:
    assert pae("a", "bc").hex() == "020000000000000001000000000000006102000000000000006263"


def test_pae_writes_numbers_as_decimal_text() -> None:
    assert pae(12) == pae("12") == pae(b"12")


@given(st.lists(st.binary(max_size=9), max_size=4), st.lists(st.binary(max_size=9), max_size=4))
def test_different_parts_never_encode_alike(one: list[bytes], other: list[bytes]) -> None:
    assert (pae(*one) == pae(*other)) == (one == other)


@given(st.binary(max_size=100))
def test_decoding_gives_back_what_was_encoded(raw: bytes) -> None:
    assert b64u_decode(b64u_encode(raw)) == raw


@pytest.mark.parametrize(
    "text",
    ["AA==", "AA=", "AB", "A", "AA\n", " AA", "A A", "+/8", "AAé", "AA.", "AAAAA", "AAB", "ＡＡ"],
)
def test_every_other_text_is_refused(text: str) -> None:
    with pytest.raises(EncodingError):
        b64u_decode(text)


def test_another_length_is_refused() -> None:
    assert b64u_decode("AAEC", length=3) == b"\x00\x01\x02"
    with pytest.raises(EncodingError, match="expected 4 bytes, found 3"):
        b64u_decode("AAEC", length=4)
