"""What web seals, sync opens in its own place, and nowhere else."""

import dataclasses
import hashlib
import hmac
import random
from collections.abc import Callable, Iterator
from itertools import islice
from uuid import UUID, uuid4

import pytest

from core.domain.types import SealedCredential
from core.errors import DamagedCredentialError
from core.security.app_key import AppKey, Subkey
from core.security.encoding import pae
from core.security.keyring import KeyRing, VaultPrivateKey, WrapContext
from core.security.scrubber import Scrubber
from core.security.secret import Secret
from core.security.vault import (
    FieldContext,
    Opener,
    Sealer,
    open_field,
    origin_mac,
    parse_data_key,
    seal_data_key,
    seal_field,
)

CLIENT = UUID("11111111-1111-4111-8111-111111111111")
ACCOUNT = UUID("22222222-2222-4222-8222-222222222222")
FIELDS = {"api_key": "key-0123456789abcdef", "api_secret": "example-secret", "passphrase": "open sesame"}
DEK_ID = "00112233445566778899aabbccddeeff"
DEK = bytes(range(100, 132))
CONTEXT = FieldContext(DEK_ID, CLIENT, ACCOUNT, "binance", "api_secret", 1)
FIELD_TOKEN = f"f1.{DEK_ID}.AAECAwQFBgcICQoL-tNZIc0hpMTudv268-4jbhLyRqgI8dsaO_iKgqQd"
DATA_KEY_TOKEN = (
    f"k1.64dd9e0b3c78a011.{DEK_ID}."
    "nYDlScjhXMmb_XwbvTrOL967Yza1vaRnUR52jj4lkj1jlimK06eFfwOBKHRgFmMlVoQxOZjqCHDXIYelMTHXux9DYISoXHH-P6mHAWKWQAg"
)
TAMPERED_TOKENS = 10_000


def open_here(opener: Opener, sealed: SealedCredential) -> dict[str, Secret]:
    return opener.open(sealed, client_id=CLIENT, account_id=ACCOUNT, exchange="binance")


def test_associated_data_matches_the_published_vector() -> None:
    assert hashlib.sha256(CONTEXT.aad()).hexdigest() == (
        "1e063fca058460ebd3e67ac3bcc02cb1f257714b3ac584801a4a8623fa41b884"
    )


def test_field_token_matches_the_published_vector() -> None:
    assert seal_field(Secret("example-secret"), DEK, CONTEXT, nonce=bytes(range(12))) == FIELD_TOKEN
    assert open_field(FIELD_TOKEN, DEK, CONTEXT).reveal() == "example-secret"


def test_published_data_key_opens(private_key: VaultPrivateKey) -> None:
    kid, dek_id, blob = parse_data_key(DATA_KEY_TOKEN)
    assert (kid, dek_id) == (private_key.public.kid, DEK_ID)
    assert KeyRing([private_key]).unwrap(blob, WrapContext(kid, CLIENT, dek_id)) == DEK


def test_what_is_sealed_opens_for_its_account(opener: Opener, sealed: SealedCredential) -> None:
    assert {name: value.reveal() for name, value in open_here(opener, sealed).items()} == FIELDS
    assert opener.kids == ("64dd9e0b3c78a011",)


def test_every_opened_value_is_told_to_the_scrubber(
    private_key: VaultPrivateKey, app_key: AppKey, sealed: SealedCredential
) -> None:
    scrubber = Scrubber()
    open_here(Opener(KeyRing([private_key]), app_key, on_open=scrubber.add), sealed)
    assert scrubber.scrub(" and ".join(FIELDS.values())) == "••• and ••• and •••"


def test_a_credential_without_passphrase_opens_without_one(sealer: Sealer, opener: Opener) -> None:
    fields = {"api_key": Secret("k"), "api_secret": Secret("línea\nsegunda ☃")}
    sealed = sealer.seal(CLIENT, ACCOUNT, exchange="binance", generation=7, fields=fields)
    assert sealed.passphrase is None
    assert open_here(opener, sealed) == fields


def test_sealed_text_shows_no_field(sealed: SealedCredential) -> None:
    assert not any(value in repr(sealed) for value in FIELDS.values())


def test_each_write_makes_a_fresh_data_key(sealer: Sealer, sealed: SealedCredential) -> None:
    fields = {name: Secret(value) for name, value in FIELDS.items()}
    again = sealer.seal(CLIENT, ACCOUNT, exchange="binance", generation=1, fields=fields)
    assert again.dek_id != sealed.dek_id
    assert again.api_key != sealed.api_key


@pytest.mark.parametrize(
    ("fields", "generation"),
    [
        ({"api_key": "k"}, 1),
        ({"api_key": "k", "api_secret": ""}, 1),
        ({"api_key": "k", "api_secret": "s", "passphrase": ""}, 1),
        ({"api_key": "k", "api_secret": "s", "webhook_secret": "w"}, 1),
        ({"api_key": "k", "api_secret": "s"}, 0),
    ],
)
def test_incomplete_or_unknown_fields_are_not_sealed(sealer: Sealer, fields: dict[str, str], generation: int) -> None:
    secrets = {name: Secret(value) for name, value in fields.items()}
    with pytest.raises(ValueError, match="generation|fields"):
        sealer.seal(CLIENT, ACCOUNT, exchange="binance", generation=generation, fields=secrets)


def test_origin_mac_covers_account_generation_and_tokens_in_field_order(
    app_key: AppKey, sealed: SealedCredential
) -> None:
    message = pae(str(ACCOUNT), 1, sealed.api_key, sealed.secret_key, sealed.passphrase or "")
    expected = hmac.new(app_key.subkey(Subkey.CREDENTIAL_MAC), message, "sha256").hexdigest()
    assert sealed.origin_mac == expected


def test_a_credential_is_refused_in_every_other_place(opener: Opener, sealed: SealedCredential) -> None:
    for client, account, exchange in (
        (uuid4(), ACCOUNT, "binance"),
        (CLIENT, uuid4(), "binance"),
        (CLIENT, ACCOUNT, "bitget"),
    ):
        with pytest.raises(DamagedCredentialError, match="not of this account"):
            opener.open(sealed, client_id=client, account_id=account, exchange=exchange)


@pytest.mark.parametrize("change", [{"client_id": uuid4()}, {"account_id": uuid4()}, {"exchange": "bitget"}])
def test_a_relabelled_credential_does_not_open(
    app_key: AppKey, opener: Opener, sealed: SealedCredential, change: dict[str, UUID | str]
) -> None:
    moved = dataclasses.replace(sealed, **change)  # type: ignore[arg-type]
    moved = with_mac(app_key, moved)  # even someone who has the app key cannot move it
    with pytest.raises(DamagedCredentialError, match="does not open"):
        opener.open(moved, client_id=moved.client_id, account_id=moved.account_id, exchange=moved.exchange)


def with_mac(app_key: AppKey, sealed: SealedCredential) -> SealedCredential:
    tokens = {"api_key": sealed.api_key, "api_secret": sealed.secret_key}
    if sealed.passphrase is not None:
        tokens["passphrase"] = sealed.passphrase
    mac = origin_mac(app_key, sealed.account_id, generation=sealed.generation, tokens=tokens)
    return dataclasses.replace(sealed, origin_mac=mac)


def test_swapped_fields_and_generations_do_not_open(app_key: AppKey, opener: Opener, sealed: SealedCredential) -> None:
    swapped = dataclasses.replace(sealed, api_key=sealed.secret_key, secret_key=sealed.api_key)
    newer = dataclasses.replace(sealed, generation=2)
    for changed in (swapped, newer):
        with pytest.raises(DamagedCredentialError, match="origin MAC"):
            open_here(opener, changed)
        with pytest.raises(DamagedCredentialError, match="does not open in this place"):
            open_here(opener, with_mac(app_key, changed))


def test_a_key_planted_with_the_public_key_alone_is_refused(
    private_key: VaultPrivateKey, opener: Opener, sealed: SealedCredential
) -> None:
    thief = Sealer(private_key.public, AppKey(b"x" * 32))
    fields = {name: Secret(value) for name, value in FIELDS.items()}
    planted = thief.seal(CLIENT, ACCOUNT, exchange="binance", generation=1, fields=fields)
    with pytest.raises(DamagedCredentialError, match="origin MAC"):
        open_here(opener, planted)


def test_another_wrapped_data_key_does_not_open_the_fields(
    private_key: VaultPrivateKey, opener: Opener, sealed: SealedCredential
) -> None:
    forged = seal_data_key(bytes(32), sealed.dek_id, CLIENT, wrapper=private_key.public)
    with pytest.raises(DamagedCredentialError, match="api_key does not open"):
        open_here(opener, dataclasses.replace(sealed, data_key=forged))
    other = seal_data_key(bytes(32), uuid4().hex, CLIENT, wrapper=private_key.public)
    with pytest.raises(DamagedCredentialError, match="another one"):
        open_here(opener, dataclasses.replace(sealed, data_key=other))


def test_without_its_private_key_a_credential_does_not_open(app_key: AppKey, sealed: SealedCredential) -> None:
    opener = Opener(KeyRing([VaultPrivateKey.generate()]), app_key)
    with pytest.raises(DamagedCredentialError, match="kid 64dd9e0b3c78a011"):
        open_here(opener, sealed)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda token: token.replace("f1.", "f2."),
        lambda token: token.replace("f1.", "f1.."),
        lambda token: token.replace(DEK_ID, "0" * 32),
        lambda token: token + "=",
        lambda token: token + "\n",
        lambda token: token[:-1] + "e",
        lambda token: token[:60],
        lambda token: token[:37],
        lambda token: "",
        lambda token: "plain text",
    ],
)
def test_an_odd_field_token_is_refused(spoil: Callable[[str], str]) -> None:
    with pytest.raises(DamagedCredentialError) as caught:
        open_field(spoil(FIELD_TOKEN), DEK, CONTEXT)
    assert "example-secret" not in str(caught.value)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda token: token.replace("k1.", "k2."),
        lambda token: token + ".",
        lambda token: token + "=",
        lambda token: token.replace("64dd", "64DD"),
        lambda token: token.replace("64dd9e0b3c78a011", "kms:"),
        lambda token: token.replace(DEK_ID, DEK_ID.upper()),
        lambda token: "",
    ],
)
def test_an_odd_data_key_token_is_refused(spoil: Callable[[str], str]) -> None:
    with pytest.raises(DamagedCredentialError):
        parse_data_key(spoil(DATA_KEY_TOKEN))


def tampered(sealed: SealedCredential, other: SealedCredential, source: random.Random) -> Iterator[SealedCredential]:
    """Yield changed credentials without end: tokens with one changed letter, cut, doubled, or of another credential."""
    columns = ("data_key", "api_key", "secret_key", "passphrase", "origin_mac", "dek_id")
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.="
    while True:
        column = source.choice(columns)
        token: str = getattr(sealed, column)
        place = source.randrange(len(token))
        changed = source.choice(
            [
                token[:place] + source.choice(letters.replace(token[place], "")) + token[place + 1 :],
                token[:place],
                token[:place] + token[place + 1 :],
                token + source.choice(letters),
                getattr(other, column),
                getattr(sealed, source.choice([name for name in columns if name != column])),
            ]
        )
        if changed != token:
            yield dataclasses.replace(sealed, **{column: changed})


def test_none_of_ten_thousand_tampered_tokens_opens(
    app_key: AppKey, sealer: Sealer, opener: Opener, sealed: SealedCredential
) -> None:
    other = sealer.seal(
        CLIENT, ACCOUNT, exchange="binance", generation=1, fields={name: Secret(name) for name in FIELDS}
    )
    opened = 0
    for number, candidate in enumerate(islice(tampered(sealed, other, random.Random(2)), TAMPERED_TOKENS)):
        # every second one carries a fresh origin MAC, so that the layers behind it are tried as well
        keep_mac = number % 2 or candidate.origin_mac != sealed.origin_mac
        try:
            open_here(opener, candidate if keep_mac else with_mac(app_key, candidate))
        except DamagedCredentialError:
            continue
        opened += 1
    assert opened == 0
    assert open_here(opener, sealed)


def test_a_rewrapped_data_key_opens_under_the_new_key_only(
    app_key: AppKey, opener: Opener, sealed: SealedCredential
) -> None:
    new = VaultPrivateKey.generate()
    token = opener.rewrap(sealed.data_key, dek_id=sealed.dek_id, client_id=CLIENT, wrapper=new.public)
    rewrapped = dataclasses.replace(sealed, data_key=token)
    assert open_here(Opener(KeyRing([new]), app_key), rewrapped)["api_key"].reveal() == FIELDS["api_key"]
    with pytest.raises(DamagedCredentialError):
        open_here(opener, rewrapped)


class KeyService:
    """A key service that stands in for the local pair: it keeps data keys and hands out receipts."""

    kid = "kms:vault-1"
    kids = (kid,)

    def __init__(self) -> None:
        self.kept: dict[bytes, tuple[bytes, WrapContext]] = {}

    def wrap(self, dek: bytes, context: WrapContext) -> bytes:
        receipt = f"receipt-{len(self.kept)}".encode()
        self.kept[receipt] = (dek, context)
        return receipt

    def unwrap(self, blob: bytes, context: WrapContext) -> bytes:
        dek, bound = self.kept[blob]
        assert bound == context
        return dek

    def open_check(self, kid: str, blob: bytes) -> bool:
        return kid == self.kid and blob == b""


def test_a_key_service_can_stand_in_for_the_local_pair(app_key: AppKey) -> None:
    service = KeyService()
    fields = {name: Secret(value) for name, value in FIELDS.items()}
    sealed = Sealer(service, app_key).seal(CLIENT, ACCOUNT, exchange="binance", generation=1, fields=fields)
    assert sealed.data_key.startswith("k1.kms:vault-1.")
    assert open_here(Opener(service, app_key), sealed) == fields


def test_a_data_key_of_another_length_is_refused(app_key: AppKey, sealed: SealedCredential) -> None:
    service = KeyService()
    short = seal_data_key(bytes(16), sealed.dek_id, CLIENT, wrapper=service)
    with pytest.raises(DamagedCredentialError, match="length"):
        open_here(Opener(service, app_key), dataclasses.replace(sealed, data_key=short))


def test_duplicates_are_found_by_a_keyed_hash(sealer: Sealer, private_key: VaultPrivateKey) -> None:
    index = sealer.duplicate_index("binance", Secret("key"))
    assert index == sealer.duplicate_index("binance", Secret("key"))
    assert index != sealer.duplicate_index("bitget", Secret("key"))
    assert index != sealer.duplicate_index("binance", Secret("key2"))
    assert index != Sealer(private_key.public, AppKey(b"x" * 32)).duplicate_index("binance", Secret("key"))
