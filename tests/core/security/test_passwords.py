"""Passwords are hashed slowly, judged before, and checked in the same time for names that do not exist."""

import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from statistics import median

import argon2
import pytest

from core.errors import InvalidInputError
from core.security.passwords import COMMON_FILE, CONCURRENT_HASHES, Passwords, check_password
from core.security.secret import Secret

GOOD = Secret("mangrove-otter-59 lilac")


@pytest.fixture(scope="module")
def passwords() -> Passwords:
    return Passwords(time_cost=1, memory_kib=64, parallelism=1)


def test_production_parameters_are_those_of_the_security_model() -> None:
    passwords = Passwords()
    stored = passwords.hash(GOOD)
    assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert passwords.verify(stored, GOOD)
    assert not passwords.needs_rehash(stored)


def test_the_right_password_and_only_that_is_accepted(passwords: Passwords) -> None:
    stored = passwords.hash(GOOD)
    assert passwords.verify(stored, GOOD)
    assert not passwords.verify(stored, Secret(GOOD.reveal() + " "))
    assert not passwords.verify(stored, Secret(""))


def test_the_same_password_has_many_hashes(passwords: Passwords) -> None:
    assert passwords.hash(GOOD) != passwords.hash(GOOD)


def test_composed_and_decomposed_letters_are_the_same(passwords: Passwords) -> None:
    assert passwords.verify(passwords.hash(Secret("cora\u00e7\u00e3o valente")), Secret("corac\u0327a\u0303o valente"))


def test_an_unknown_name_is_never_let_in(passwords: Passwords) -> None:
    assert not passwords.verify(None, GOOD)
    assert not passwords.verify("", GOOD)


def test_an_unknown_name_takes_as_long_as_a_known_one() -> None:
    passwords = Passwords(time_cost=2, memory_kib=8 * 1024, parallelism=1)
    stored = passwords.hash(GOOD)
    known: list[float] = []
    unknown: list[float] = []
    for _ in range(15):
        for hashed, times in ((stored, known), (None, unknown)):
            begin = time.perf_counter()
            passwords.verify(hashed, Secret("not the password"))
            times.append(time.perf_counter() - begin)
    assert 0.5 < median(known) / median(unknown) < 2


def test_an_overlong_password_is_refused_unhashed(passwords: Passwords) -> None:
    long = Secret("ab" * 200)
    assert not passwords.verify(passwords.hash(long), long)


def test_a_hash_with_other_parameters_is_made_anew(passwords: Passwords) -> None:
    old = argon2.PasswordHasher(time_cost=2, memory_cost=64, parallelism=1).hash(GOOD.reveal())
    assert passwords.verify(old, GOOD)
    assert passwords.needs_rehash(old)


def test_an_unreadable_hash_lets_nobody_in_and_is_reported(
    passwords: Passwords, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        assert not passwords.verify("plain-text", GOOD)
    assert caplog.messages == ["a stored password hash cannot be read"]


def test_at_most_four_are_hashed_at_once(passwords: Passwords, monkeypatch: pytest.MonkeyPatch) -> None:
    busy, most, lock = 0, 0, threading.Lock()

    def slow_hash(_hasher: argon2.PasswordHasher, _text: str) -> str:
        nonlocal busy, most
        with lock:
            busy += 1
            most = max(most, busy)
        time.sleep(0.02)
        with lock:
            busy -= 1
        return "hash"

    monkeypatch.setattr(argon2.PasswordHasher, "hash", slow_hash)
    with ThreadPoolExecutor(12) as pool:
        list(pool.map(passwords.hash, [GOOD] * 12))
    assert most == CONCURRENT_HASHES


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("short-one-1", "password_too_short"),
        ("", "password_too_short"),
        ("e\u0301" * 11, "password_too_short"),
        ("x1-" * 86, "password_too_long"),
        ("administrator", "password_common"),
        ("Password1234", "password_common"),
        ("P4ssw0rd!2024", "password_common"),
        ("passwordpassword", "password_common"),
        ("dragon1dragon1", "password_common"),
        ("senhasegura123", "password_common"),
        ("flamengo2024!", "password_common"),
        ("123456789012", "password_common"),
        ("210987654321", "password_common"),
        ("abcdefghijklmno", "password_common"),
        ("qwertyuiopqwerty", "password_common"),
        ("1q2w3e4r5t6y", "password_common"),
        ("aaaaaaaaaaaa", "password_common"),
        ("ababcabcabca", "password_common"),
        ("abc1abc1abc1", "password_common"),
        ("Maria.Souza2024", "password_common"),
    ],
)
def test_weak_passwords_are_refused(password: str, code: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        check_password(Secret(password), login="maria.souza")
    assert (caught.value.field, caught.value.code) == ("password", code)
    assert not password or password not in str(caught.value)


@pytest.mark.parametrize(
    "password",
    [
        GOOD.reveal(),
        "tapioca e jabuticaba",
        "x9#Lq2!vTr7p",
        "correio-verde-42-lua",
        "password generators are fine",
        "安全なパスワードは長い文です",
        "k7" + "rtz-Bq" * 42,
    ],
)
def test_other_passwords_are_accepted(password: str) -> None:
    check_password(Secret(password))
    check_password(Secret(password), login="maria.souza")


def test_the_common_list_is_small_sorted_and_in_lower_case() -> None:
    words = COMMON_FILE.read_text(encoding="utf-8").split()
    assert 900 <= len(words) <= 1100
    assert words == sorted(set(words))
    assert all(word == word.casefold() for word in words)
