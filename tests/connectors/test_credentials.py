"""Secrets stay hidden, and a private key survives how people paste it."""

import copy
import pickle

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from connectors._credentials import Secret, clean_credentials, load_private_key, repair_pem
from connectors.errors import CredentialError


@pytest.fixture
def pem() -> str:
    key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def test_a_secret_shows_itself_nowhere() -> None:
    secret = Secret("canary")
    assert "canary" not in f"{secret} {secret!r} {secret:>20} {[secret]} {{'a': {secret}}}"
    assert secret.reveal() == "canary"


@pytest.mark.parametrize("carry", [pickle.dumps, copy.copy, copy.deepcopy])
def test_a_secret_cannot_be_carried_away(carry: object) -> None:
    assert callable(carry)
    with pytest.raises(TypeError):
        carry(Secret("canary"))


@pytest.mark.parametrize(
    "paste",
    [
        lambda pem: pem,
        lambda pem: pem.strip().replace("\n", " "),
        lambda pem: pem.strip().replace("\n", ""),
        lambda pem: pem.strip().replace("\n", "\\n"),
        lambda pem: pem.replace("\n", "\r\n"),
        lambda pem: f"\n  {pem}  \n",
    ],
    ids=["as issued", "one line", "no breaks", "escaped", "windows", "padded"],
)
def test_a_pasted_private_key_gets_its_lines_back(pem: str, paste: object) -> None:
    assert callable(paste)
    assert repair_pem(paste(pem)) == pem
    assert isinstance(load_private_key(Secret(repair_pem(paste(pem)))), Ed25519PrivateKey)


def test_a_private_key_without_its_end_is_undecodable(pem: str) -> None:
    with pytest.raises(CredentialError, match="api_secret: undecodable"):
        repair_pem(pem.replace("END", "EDN"))


def test_a_passphrase_is_taken_exactly_as_it_is() -> None:
    given = clean_credentials("key", "secret", "  two words ", needs_passphrase=True, multiline=False)
    assert given.passphrase is not None
    assert given.passphrase.reveal() == "  two words "


@pytest.mark.parametrize("word", [None, "", "   "])
def test_a_missing_passphrase_is_named(word: str | None) -> None:
    with pytest.raises(CredentialError, match="passphrase: empty"):
        clean_credentials("key", "secret", word, needs_passphrase=True, multiline=False)
