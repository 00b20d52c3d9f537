"""The keys of the published test vectors and one sealed credential."""

from uuid import UUID

import pytest

from core.domain.types import SealedCredential
from core.security.app_key import AppKey
from core.security.keyring import KeyRing, VaultPrivateKey
from core.security.secret import Secret
from core.security.vault import Opener, Sealer

CLIENT = UUID("11111111-1111-4111-8111-111111111111")
ACCOUNT = UUID("22222222-2222-4222-8222-222222222222")
FIELDS = {"api_key": "key-0123456789abcdef", "api_secret": "example-secret", "passphrase": "open sesame"}


@pytest.fixture
def private_key() -> VaultPrivateKey:
    return VaultPrivateKey.parse("vsk1.AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8")


@pytest.fixture
def app_key() -> AppKey:
    return AppKey(bytes(range(32)))


@pytest.fixture
def sealer(private_key: VaultPrivateKey, app_key: AppKey) -> Sealer:
    return Sealer(private_key.public, app_key)


@pytest.fixture
def opener(private_key: VaultPrivateKey, app_key: AppKey) -> Opener:
    return Opener(KeyRing([private_key]), app_key)


@pytest.fixture
def sealed(sealer: Sealer) -> SealedCredential:
    fields = {name: Secret(value) for name, value in FIELDS.items()}
    return sealer.seal(CLIENT, ACCOUNT, exchange="binance", generation=1, fields=fields)
