"""Subkeys depend on the app key and on their label, and on nothing else."""

import hmac
import pickle

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from core.errors import ConfigurationError
from core.security.app_key import AppKey, Subkey, encode_app_key


def test_subkeys_are_hkdf_of_the_label(app_key: AppKey) -> None:
    expected = HKDF(hashes.SHA256(), 32, None, b"session/v1").derive(bytes(range(32)))
    assert app_key.subkey(Subkey.SESSION) == expected


def test_every_label_has_its_own_subkey(app_key: AppKey) -> None:
    assert len({app_key.subkey(label) for label in Subkey}) == len(Subkey)


def test_mac_is_hmac_sha256_under_the_subkey(app_key: AppKey) -> None:
    expected = hmac.new(app_key.subkey(Subkey.AUDIT), b"message", "sha256").hexdigest()
    assert app_key.mac(Subkey.AUDIT, b"message") == expected


def test_text_form_reads_back() -> None:
    raw = bytes(range(32))
    assert AppKey.parse(encode_app_key(raw) + "\n").subkey(Subkey.TOTP) == AppKey(raw).subkey(Subkey.TOTP)


@pytest.mark.parametrize("text", ["", "AAAA", "not a key", encode_app_key(bytes(31)), encode_app_key(bytes(32)) + "="])
def test_any_other_text_is_a_configuration_error(text: str) -> None:
    with pytest.raises(ConfigurationError):
        AppKey.parse(text)


def test_another_length_is_a_configuration_error() -> None:
    with pytest.raises(ConfigurationError):
        AppKey(bytes(31))


def test_it_neither_shows_nor_pickles(app_key: AppKey) -> None:
    assert repr(app_key) == "AppKey(•••)"
    with pytest.raises(TypeError):
        pickle.dumps(app_key)
