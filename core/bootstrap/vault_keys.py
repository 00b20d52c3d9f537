"""The life of the vault's keys: one more pair, rewrapping under it in batches, retiring one that nothing needs.

Source: SECURITY-MODEL.md section 3.
"""

from collections.abc import Collection
from dataclasses import dataclass

from core.bootstrap.adapters import utc_now
from core.bootstrap.backups import list_backups
from core.bootstrap.parts import load_private_keys, load_vault_public_key, require_schema, using_storage
from core.config import Settings
from core.domain.types import Heartbeat
from core.errors import ConfigurationError, ConflictError
from core.ports import AuditEntry, Storage, UnitOfWork
from core.security import keyfiles
from core.security.keyring import VaultPublicKey
from core.security.vault import Opener
from core.services.health import is_alive

BATCH = 200


@dataclass(frozen=True, slots=True)
class Rewrapped:
    """What a rewrapping did: the key now current, data keys put under it, and those others had changed meanwhile."""

    kid: str
    done: int
    changed_by_others: int


def add_key(settings: Settings) -> VaultPublicKey:
    """Make one more vault key pair, the current one from now on; running processes read the files again by themselves.

    Raises:
        ConfigurationError: the keys come from environment variables, which nobody can change from here.
    """
    if settings.vault_public_key or settings.vault_private_keys.get_secret_value():
        raise ConfigurationError(
            "the vault keys come from GA_VAULT_PUBLIC_KEY or GA_VAULT_PRIVATE_KEYS: make a pair with `keys init` in an "
            "empty GA_DATA_DIR, put it first in both settings, and start web and sync again"
        )
    with using_storage(settings) as storage:
        require_schema(storage)
        made = keyfiles.add_key_pair(settings.vault_private_keys_file, settings.vault_public_key_file)
        with storage.begin() as uow:
            uow.credentials.add_key_check(made.kid, made.make_check())
            _audit(uow, "vault.key_added", made.kid)
    return made


def rewrap(settings: Settings, *, batch: int = BATCH) -> Rewrapped:
    """Put every data key under the current vault key, batch by batch, each by compare-and-swap; safe to run again.

    Raises:
        ConflictError: a sidecar that runs does not hold the current key.
        DamagedCredentialError: a data key does not open; those before it are done.
    """
    ring, public_key = load_private_keys(settings), load_vault_public_key(settings)
    if ring.kids[0] != public_key.kid:
        raise ConfigurationError(f"the first private key is {ring.kids[0]}, the public one {public_key.kid}: no pair")
    opener = Opener(ring, keyfiles.load_app_key(settings.app_key_file))
    done = lost = 0
    with using_storage(settings) as storage:
        require_schema(storage)
        with storage.begin() as uow:
            _require_held(uow.syncing.heartbeats(), public_key.kid)
            if public_key.kid not in uow.credentials.key_checks():
                uow.credentials.add_key_check(public_key.kid, public_key.make_check())
        while True:
            with storage.begin() as uow:
                _require_held(uow.syncing.heartbeats(), public_key.kid)
                found = uow.credentials.data_keys_of_others(public_key.kid, limit=batch)
                for old in found:
                    token = opener.rewrap(old.token, dek_id=old.dek_id, client_id=old.client_id, wrapper=public_key)
                    swapped = uow.credentials.swap_data_key(old, token)
                    done, lost = done + swapped, lost + (not swapped)
            if not found:
                break
        if done:
            _note(storage, "vault.rewrapped", public_key.kid, {"data_keys": str(done)})
    return Rewrapped(public_key.kid, done, lost)


def retire(settings: Settings, kid: str) -> bool:
    """Forget a vault key that neither the database nor a kept backup needs; return whether it left the keys file.

    Raises:
        ConflictError: something needs it; the text says what.
        ConfigurationError: it is the current one, or unknown.
    """
    with using_storage(settings) as storage:
        require_schema(storage)
        with storage.begin(write=False) as uow:
            counts, checks = uow.credentials.count_by_kid(), uow.credentials.key_checks()
        at_hand = load_private_keys(settings).kids
        if kid not in {*counts, *checks, *at_hand}:
            raise ConfigurationError(f"there is no vault key {kid}: `python -m core keys status` lists them")
        if counts.get(kid):
            raise ConflictError(f"{counts[kid]} data keys are under {kid}: run `python -m core keys rewrap` first")
        _refuse_needed_by_backups(settings, kid)
        is_from_file = not settings.vault_private_keys.get_secret_value()
        dropped = is_from_file and keyfiles.drop_private_key(settings.vault_private_keys_file, kid)
        with storage.begin() as uow:
            if kid in uow.credentials.kids_in_use():
                raise ConflictError(f"a data key came under {kid} just now: start web again, rewrap, then retire")
            uow.credentials.drop_key_check(kid)
            _audit(uow, "vault.key_retired", kid)
    return dropped


def _refuse_needed_by_backups(settings: Settings, kid: str) -> None:
    for backup in list_backups(settings):
        if backup.kids is None or kid in backup.kids:
            raise ConflictError(
                f"the backup {backup.path.name} needs {kid}: keep the key until that backup is gone "
                f"(GA_BACKUP_KEEP_DAILY: {settings.backup_keep_daily} days), or delete it"
            )


def _require_held(beats: Collection[Heartbeat], kid: str) -> None:
    now = utc_now()
    for beat in beats:
        if is_alive(beat, now) and kid not in beat.kids.split(","):
            raise ConflictError(
                f"the sidecar {beat.sidecar_id} does not hold {kid} yet: give it the private key "
                "(it reads the file again within seconds) or start it again, then rewrap"
            )


def _note(storage: Storage, action: str, kid: str, details: dict[str, str]) -> None:
    with storage.begin() as uow:
        _audit(uow, action, kid, details)


def _audit(uow: UnitOfWork, action: str, kid: str, details: dict[str, str] | None = None) -> None:
    uow.audit.append(AuditEntry(utc_now(), None, action, "vault_key", kid, details=details))
