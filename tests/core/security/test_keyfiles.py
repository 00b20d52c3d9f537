"""Keys are made once, by the operator's command, and read only from files that others cannot read."""

import stat
from pathlib import Path

import pytest

from core.errors import ConfigurationError, VaultLockedError
from core.security.app_key import Subkey
from core.security.keyfiles import (
    NewKeys,
    init_keys,
    load_app_key,
    load_private_keys,
    load_public_key,
    load_public_key_file,
)
from core.security.keyring import VaultPrivateKey, check_keys


@pytest.fixture
def keys(tmp_path: Path) -> NewKeys:
    return init_keys(tmp_path / "keys", data_keys_exist=False)


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_new_keys_are_readable_by_their_owner_only(keys: NewKeys) -> None:
    assert mode_of(keys.private_keys_file) == mode_of(keys.app_key_file) == 0o600
    assert mode_of(keys.public_key_file) == 0o644
    assert mode_of(keys.private_keys_file.parent) == 0o700


def test_new_keys_belong_together(keys: NewKeys) -> None:
    ring = load_private_keys(file=keys.private_keys_file)
    assert ring.kids == (keys.kid,)
    check_keys(ring, [keys.kid], {keys.kid: keys.key_check})
    assert load_public_key_file(keys.public_key_file).kid == load_public_key(keys.public_key).kid == keys.kid
    assert len(load_app_key(keys.app_key_file).subkey(Subkey.SESSION)) == 32


def test_what_is_returned_holds_no_private_key(keys: NewKeys) -> None:
    assert "vsk1" not in repr(keys)
    assert keys.app_key_file.read_text().strip() not in repr(keys)


def test_keys_are_never_overwritten(keys: NewKeys) -> None:
    before = {path: path.read_bytes() for path in keys.private_keys_file.parent.iterdir()}
    with pytest.raises(ConfigurationError, match="nothing was changed"):
        init_keys(keys.private_keys_file.parent, data_keys_exist=False)
    assert {path: path.read_bytes() for path in keys.private_keys_file.parent.iterdir()} == before


@pytest.mark.parametrize("left", ["vault.private", "vault.public", "app.key"])
def test_one_key_file_left_is_enough_to_refuse(keys: NewKeys, left: str) -> None:
    folder = keys.private_keys_file.parent
    for path in list(folder.iterdir()):
        if path.name != left:
            path.unlink()
    with pytest.raises(ConfigurationError, match=left):
        init_keys(folder, data_keys_exist=False)
    assert [path.name for path in folder.iterdir()] == [left]


def test_no_new_keys_beside_sealed_credentials(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="sealed credentials"):
        init_keys(tmp_path / "keys", data_keys_exist=True)
    assert not (tmp_path / "keys").exists()


def test_reading_a_missing_file_creates_nothing(tmp_path: Path) -> None:
    with pytest.raises(VaultLockedError, match="core init"):
        load_private_keys(file=tmp_path / "vault.private")
    with pytest.raises(ConfigurationError, match="core init"):
        load_app_key(tmp_path / "app.key")
    with pytest.raises(ConfigurationError, match="core init"):
        load_public_key_file(tmp_path / "vault.public")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o622, 0o610])
def test_a_private_file_open_to_others_is_refused(keys: NewKeys, mode: int) -> None:
    keys.private_keys_file.chmod(mode)
    with pytest.raises(VaultLockedError, match="open to others") as caught:
        load_private_keys(file=keys.private_keys_file)
    assert "vsk1" not in str(caught.value)


def test_an_app_key_may_be_shared_with_a_group_but_not_with_everybody(keys: NewKeys) -> None:
    keys.app_key_file.chmod(0o640)
    load_app_key(keys.app_key_file)
    keys.app_key_file.chmod(0o604)
    with pytest.raises(ConfigurationError, match="open to others"):
        load_app_key(keys.app_key_file)


def test_private_keys_come_one_per_line_the_current_one_first() -> None:
    current, old = VaultPrivateKey.generate(), VaultPrivateKey.generate()
    ring = load_private_keys(text=f"{current.reveal()}\n\n{old.reveal()}\n")
    assert ring.kids == (current.public.kid, old.public.kid)


def test_odd_sources_of_private_keys_are_refused(keys: NewKeys) -> None:
    text = keys.private_keys_file.read_text()
    with pytest.raises(ConfigurationError, match="not both"):
        load_private_keys(file=keys.private_keys_file, text=text)
    with pytest.raises(VaultLockedError, match="no private vault key"):
        load_private_keys()
    with pytest.raises(VaultLockedError, match="listed twice") as caught:
        load_private_keys(text=text + text)
    assert caught.value.kids == (keys.kid,)


@pytest.mark.parametrize("text", ["garbage", "vpk1.j0DFrbaPJWJK5bIU6nZ6bslNgp09e14a0bpvPiE4KF8", "vsk1.AAAA"])
def test_text_that_is_no_private_key_is_refused_without_being_shown(text: str) -> None:
    with pytest.raises(VaultLockedError) as caught:
        load_private_keys(text=text)
    assert text not in str(caught.value)


def test_binary_rubbish_is_refused(keys: NewKeys) -> None:
    keys.private_keys_file.write_bytes(bytes(range(128, 200)))
    with pytest.raises(VaultLockedError, match="not plain text"):
        load_private_keys(file=keys.private_keys_file)


@pytest.mark.parametrize("text", ["", "vsk1.AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8", "vpk1.AAAA"])
def test_text_that_is_no_public_key_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="VAULT_PUBLIC_KEY"):
        load_public_key(text)
