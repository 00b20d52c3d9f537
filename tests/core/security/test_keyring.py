"""Key pairs, key checks and the refusal to start with the wrong keys."""

import pickle
from collections.abc import Callable
from uuid import UUID

import pytest

from core.errors import VaultLockedError
from core.security.encoding import EncodingError, b64u_encode
from core.security.keyring import KeyRing, UnwrapError, VaultPrivateKey, VaultPublicKey, WrapContext, check_keys

CLIENT = UUID("11111111-1111-4111-8111-111111111111")
PUBLIC = "vpk1.j0DFrbaPJWJK5bIU6nZ6bslNgp09e14a0bpvPiE4KF8"
KID = "64dd9e0b3c78a011"
DEK_ID = "00112233445566778899aabbccddeeff"


def test_the_published_pair_belongs_together(private_key: VaultPrivateKey) -> None:
    assert private_key.public.text == PUBLIC
    assert private_key.public.kid == KID == VaultPublicKey.parse(PUBLIC).kid
    assert private_key.reveal() == "vsk1.AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"


def test_new_keys_differ() -> None:
    assert VaultPrivateKey.generate().public.kid != VaultPrivateKey.generate().public.kid


@pytest.mark.parametrize(
    "text",
    [
        "",
        PUBLIC[5:],
        PUBLIC.replace("vpk1", "vpk2"),
        PUBLIC + "A",
        PUBLIC[:-1],
        PUBLIC[:-1] + "9",
        PUBLIC + "=",
        "vpk1.",
    ],
)
def test_any_other_public_text_is_refused(text: str) -> None:
    with pytest.raises(EncodingError):
        VaultPublicKey.parse(text)


def test_a_public_key_is_no_private_key() -> None:
    with pytest.raises(EncodingError, match="vsk1"):
        VaultPrivateKey.parse(PUBLIC)


def test_a_private_key_neither_shows_nor_pickles(private_key: VaultPrivateKey) -> None:
    assert repr(private_key) == f"VaultPrivateKey(kid={KID})"
    with pytest.raises(TypeError):
        pickle.dumps(private_key)


def test_a_wrapped_key_opens_in_its_own_context_only(private_key: VaultPrivateKey) -> None:
    ring = KeyRing([private_key])
    context = WrapContext(KID, CLIENT, DEK_ID)
    blob = private_key.public.wrap(bytes(32), context)
    assert ring.unwrap(blob, context) == bytes(32)
    for other in (WrapContext(KID, UUID(int=1), DEK_ID), WrapContext(KID, CLIENT, "0" * 32)):
        with pytest.raises(UnwrapError):
            ring.unwrap(blob, other)


def test_an_unknown_kid_or_another_length_is_refused(private_key: VaultPrivateKey) -> None:
    context = WrapContext(KID, CLIENT, DEK_ID)
    with pytest.raises(UnwrapError, match="no private key"):
        KeyRing([]).unwrap(bytes(80), context)
    with pytest.raises(UnwrapError, match="length"):
        KeyRing([private_key]).unwrap(private_key.public.wrap(bytes(31), context), context)


def test_start_is_allowed_when_every_key_check_opens(private_key: VaultPrivateKey) -> None:
    old = VaultPrivateKey.generate()
    checks = {key.public.kid: key.public.make_check() for key in (private_key, old)}
    ring = KeyRing([private_key, old])
    assert ring.kids == (KID, old.public.kid)
    check_keys(ring, [KID], checks)
    check_keys(ring, [], {})


def test_start_is_refused_when_a_key_is_missing(private_key: VaultPrivateKey) -> None:
    with pytest.raises(VaultLockedError, match=KID) as caught:
        check_keys(KeyRing([VaultPrivateKey.generate()]), [KID], {KID: private_key.public.make_check()})
    assert caught.value.kids == (KID,)


def test_start_is_refused_when_the_key_check_is_gone(private_key: VaultPrivateKey) -> None:
    with pytest.raises(VaultLockedError, match="gone") as caught:
        check_keys(KeyRing([private_key]), [KID], {})
    assert caught.value.kids == (KID,)


@pytest.mark.parametrize(
    "damage",
    [
        lambda token: token[:-2] + ("AA" if token[-2:] != "AA" else "QQ"),
        lambda token: token.replace("c1.", "c2."),
        lambda token: token.replace(KID, "0" * 16),
        lambda token: token + "=",
        lambda token: token[:30],
        lambda token: "",
        lambda token: VaultPrivateKey.generate().public.make_check().replace(token[3:19], KID),
        lambda token: f"c1.{KID}.{b64u_encode(bytes(63))}",
    ],
)
def test_start_is_refused_when_the_key_check_is_damaged(
    private_key: VaultPrivateKey, damage: Callable[[str], str]
) -> None:
    token = damage(private_key.public.make_check())
    with pytest.raises(VaultLockedError, match="does not open") as caught:
        check_keys(KeyRing([private_key]), [KID], {KID: token})
    assert caught.value.kids == (KID,)


def test_a_check_of_another_text_does_not_pass(private_key: VaultPrivateKey, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.security.keyring.CHECK_TEXT", b"something-else!")
    token = private_key.public.make_check()
    monkeypatch.undo()
    with pytest.raises(VaultLockedError):
        check_keys(KeyRing([private_key]), [KID], {KID: token})
