"""Takes secrets out of text that is about to leave the process: values it was told, and whatever looks like one."""

import base64
import json
import re
import threading
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus

from core.security.secret import MASK, Secret

SHORTEST_KNOWN = 6  # shorter values would blot out ordinary words
SHORTEST_LINE = 24

# Patterns start at a fixed word and run forward only, so that hostile text costs no more than its length.
_NAME = (
    r"(?:api[_-]?key|secret(?:[_-]?key)?|private[_-]?key|passphrase|passwd|password|signature|[_-]sign|[_-]key"
    r"|[_-]session|authent|[_-]token|(?<![\w-])(?:sign|key|token|session|pwd))"
)
_OPEN_ENDED = r"(?:authorization|cookie)"
_QUOTE = r"\\?[\"']"

_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"-----BEGIN [A-Z ]{0,40}KEY-----.*?(?:-----END [A-Z ]{0,40}KEY-----|\Z)", re.DOTALL), MASK),
    (re.compile(r"vsk1\.[A-Za-z0-9_=-]*"), f"vsk1.{MASK}"),
    (re.compile(r"(?<![\w-])eyJ[\w-]{8,8000}\.[\w-]{8,8000}\.[\w-]*"), MASK),  # a JSON web token
    (re.compile(r"(://[^\s:/@\"']{0,100}:)[^\s/@\"']{1,200}@"), rf"\1{MASK}@"),
    # a quoted value behind a name: JSON, dictionaries, lists of pairs
    (
        re.compile(rf"((?:{_NAME}|{_OPEN_ENDED}){_QUOTE}\s*[:=,]\s*b?({_QUOTE}))(?:(?!\2)(?:\\.|.))*", re.IGNORECASE),
        rf"\1{MASK}",
    ),
    # a header that runs to the end of its line
    (re.compile(rf"({_OPEN_ENDED}[ \t]{{0,3}}[:=][ \t]{{0,3}})[^\s\"'][^\r\n\"']*", re.IGNORECASE), rf"\1{MASK}"),
    # name=value and name: value
    (re.compile(rf"({_NAME}\s?[=:]\s?{_QUOTE}?)[^\s&\"',;)\]}}]+", re.IGNORECASE), rf"\1{MASK}"),
    (re.compile(r"(\b(?:bearer|basic)\s)[\w.~+/=-]{8,}", re.IGNORECASE), rf"\1{MASK}"),
)


class Scrubber:
    """Replaces secrets in text by `•••`; shared by all threads of a process."""

    def __init__(self, known: Iterable[Secret] = ()) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, None] = {}
        self._ordered: tuple[str, ...] = ()
        self.add(*known)

    def add(self, *secrets: Secret) -> None:
        """Remember values to take out wherever they appear, also quoted, escaped, in hex or in base64."""
        with self._lock:
            new = [secret.reveal() for secret in secrets if secret.reveal() not in self._known]
            for value in new:
                self._known.update(dict.fromkeys(_forms(value)))
            if new:
                self._ordered = tuple(sorted(self._known, key=len, reverse=True))

    def forget(self, *secrets: Secret) -> None:
        """Drop values that are no longer held, so that the list does not grow."""
        with self._lock:
            for secret in secrets:
                for form in _forms(secret.reveal()):
                    self._known.pop(form, None)
            self._ordered = tuple(sorted(self._known, key=len, reverse=True))

    def scrub(self, text: str) -> str:
        """Return the text without known values and without what looks like a key, signature, token or cookie."""
        for value in self._ordered:
            if value in text:
                text = text.replace(value, MASK)
        for pattern, replacement in _PATTERNS:
            text = pattern.sub(replacement, text)
        return text

    def __repr__(self) -> str:
        return f"Scrubber({len(self._known)} forms)"


def _forms(value: str) -> Iterator[str]:
    """Yield the shapes in which a value turns up in messages; nothing for one that is too short to be told apart."""
    pieces = {value, value.strip(), *(line for line in value.splitlines() if len(line) >= SHORTEST_LINE)}
    for piece in pieces:
        if len(piece) < SHORTEST_KNOWN:
            continue
        raw = piece.encode("utf-8", "surrogatepass")
        yield from {
            piece,
            quote(raw, safe=""),
            quote_plus(raw),
            json.dumps(piece)[1:-1],
            json.dumps(piece, ensure_ascii=False)[1:-1],
            repr(piece)[1:-1],
            raw.hex(),
            raw.hex().upper(),
            base64.b64encode(raw).decode().rstrip("="),
            base64.urlsafe_b64encode(raw).decode().rstrip("="),
        }
