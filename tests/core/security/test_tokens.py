"""Tokens are random, and what is stored of them is worth nothing elsewhere."""

import hmac

from core.security.app_key import AppKey, Subkey
from core.security.encoding import b64u_decode
from core.security.secret import Secret
from core.security.tokens import hash_token, new_token


def test_a_token_is_32_random_bytes() -> None:
    tokens = {new_token().reveal() for _ in range(100)}
    assert len(tokens) == 100
    assert {len(b64u_decode(token)) for token in tokens} == {32}


def test_stored_hash_is_hmac_under_the_purpose(app_key: AppKey) -> None:
    expected = hmac.new(app_key.subkey(Subkey.SESSION), b"token", "sha256").hexdigest()
    assert (
        hash_token(app_key, Subkey.SESSION, Secret("token")) == hash_token(app_key, Subkey.SESSION, "token") == expected
    )


def test_a_token_of_one_purpose_is_worth_nothing_for_another(app_key: AppKey) -> None:
    purposes = (Subkey.SESSION, Subkey.API_TOKEN, Subkey.ONE_TIME_LINK)
    assert len({hash_token(app_key, purpose, "token") for purpose in purposes}) == 3


def test_foreign_input_has_a_hash_like_any_other(app_key: AppKey) -> None:
    assert len(hash_token(app_key, Subkey.SESSION, "\udcff\x00é" * 50)) == 64
