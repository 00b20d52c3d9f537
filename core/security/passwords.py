"""Password rules and argon2id hashing, with the same answer and time for names that do not exist.

The list of common passwords is drawn from the one in Django 5.2 (Royce Williams's frequency list), read 2026-11-22,
with Portuguese words and words of this trade added.
"""

import logging
import re
import secrets
import threading
import unicodedata
from functools import cache
from pathlib import Path

import argon2

from core.errors import InvalidInputError
from core.security.secret import Secret

log = logging.getLogger(__name__)

SHORTEST, LONGEST = 12, 256
FEWEST_DIFFERENT = 5
MOST_DECORATION = 8
CONCURRENT_HASHES = 4
COMMON_FILE = Path(__file__).with_name("common_passwords.txt")
ROWS = ("abcdefghijklmnopqrstuvwxyz", "0123456789", "qwertyuiop", "asdfghjkl", "zxcvbnm", "qazwsxedcrfvtgbyhnujmikolp")
LEET = str.maketrans("0134578@$!", "oieastbasi")


class Passwords:
    """Hashes and verifies passwords, at most four at once; make one per process."""

    def __init__(self, *, time_cost: int = 3, memory_kib: int = 64 * 1024, parallelism: int = 4) -> None:
        self._hasher = argon2.PasswordHasher(
            time_cost=time_cost, memory_cost=memory_kib, parallelism=parallelism, type=argon2.Type.ID
        )
        self._slots = threading.BoundedSemaphore(CONCURRENT_HASHES)
        self._dummy = self._hasher.hash(secrets.token_urlsafe())

    def hash(self, password: Secret) -> str:
        """Return the argon2id hash to store; check the rules with `check_password` first."""
        with self._slots:
            return self._hasher.hash(_normal(password))

    def verify(self, stored: str | None, password: Secret) -> bool:
        """Tell whether the password is the stored one.

        Args:
            stored: the stored hash, or None for an unknown name: that takes as long and is never true.
            password: what was typed; more than 256 characters are refused unhashed.
        """
        text = _normal(password)
        if len(text) > LONGEST:
            return False
        with self._slots:
            try:
                return self._hasher.verify(stored or self._dummy, text) and bool(stored)
            except argon2.exceptions.VerifyMismatchError:
                return False
            except argon2.exceptions.InvalidHashError:
                log.error("a stored password hash cannot be read")
                return False

    def needs_rehash(self, stored: str) -> bool:
        """Tell whether a hash was made with other parameters; after a successful sign-in it is then made anew."""
        return self._hasher.check_needs_rehash(stored)


def check_password(password: Secret, *, login: str = "") -> None:
    """Refuse a new password that is too short, too long or easily guessed.

    Args:
        password: the new password; its length counts in characters after normalisation.
        login: the person's sign-in name, which the password must not be.

    Raises:
        InvalidInputError: field password with code password_too_short, password_too_long or password_common.
    """
    text = _normal(password)
    if len(text) < SHORTEST:
        raise InvalidInputError("password", "password_too_short")
    if len(text) > LONGEST:
        raise InvalidInputError("password", "password_too_long")
    if _is_common(text.casefold(), login.casefold()):
        raise InvalidInputError("password", "password_common")


def _is_common(text: str, login: str) -> bool:
    words = _common_words() | ({login} if login else set())
    core = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", text)
    decorated = len(text) - len(core) <= MOST_DECORATION and (core in words or core.translate(LEET) in words)
    unit = _unit_of(text)
    repeated = unit != text and (len(unit) < FEWEST_DIFFERENT or unit in words or unit.strip("0123456789") in words)
    return text in words or decorated or repeated or len(set(text)) < FEWEST_DIFFERENT or _is_run(text)


def _unit_of(text: str) -> str:
    """Return the shortest piece whose repetition gives the text ("abab" → "ab")."""
    return text[: (text + text).find(text, 1)]


def _is_run(text: str) -> bool:
    """Tell whether the text is a piece of the alphabet, digits or a keyboard row, either way round, repeated."""
    return any(text in row * (len(text) // len(row) + 2) for line in ROWS for row in (line, line[::-1]))


@cache
def _common_words() -> frozenset[str]:
    return frozenset(COMMON_FILE.read_text(encoding="utf-8").split())


def _normal(password: Secret) -> str:
    return unicodedata.normalize("NFC", password.reveal())
