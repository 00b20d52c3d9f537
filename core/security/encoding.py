"""Canonical base64url text, and the unambiguous encoding of what is sealed, hashed or signed."""

import base64
import re

_B64U = re.compile(r"[A-Za-z0-9_-]*", re.ASCII)


class EncodingError(ValueError):
    """A text is not in its one canonical form; the message never holds the text."""


def b64u_encode(raw: bytes) -> str:
    """Encode bytes as base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def b64u_decode(text: str, *, length: int | None = None) -> bytes:
    """Decode base64url without padding, refusing every text but the canonical one.

    Args:
        text: the encoded text.
        length: the number of bytes that must come out, when it is fixed.

    Raises:
        EncodingError: padding, foreign characters, unused bits that are not zero, or another length.
    """
    if not _B64U.fullmatch(text) or len(text) % 4 == 1:
        raise EncodingError("not base64url without padding")
    raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if b64u_encode(raw) != text:
        raise EncodingError("base64url is not canonical")
    if length is not None and len(raw) != length:
        raise EncodingError(f"expected {length} bytes, found {len(raw)}")
    return raw


def pae(*parts: str | int | bytes) -> bytes:
    """Encode parts unambiguously: LE64(count), then LE64(length) and bytes of each.

    Text is UTF-8, numbers are decimal text. Different lists of parts never give the same bytes.
    """
    encoded = [part if isinstance(part, bytes) else str(part).encode() for part in parts]
    return b"".join([_le64(len(encoded)), *(_le64(len(part)) + part for part in encoded)])


def _le64(number: int) -> bytes:
    return number.to_bytes(8, "little")
