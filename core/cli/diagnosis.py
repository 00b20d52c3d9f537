"""What `doctor` looks at: each finding is ok, a warning or wrong, and says what to do."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from core import bootstrap
from core.config import Settings
from core.errors import PlatformError
from core.ports import Storage
from core.services.backups import read_backup_health

SILENT_AFTER = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report."""

    state: str
    subject: str
    detail: str


def diagnose(settings: Settings) -> list[Finding]:
    """Check the whole installation and change nothing."""
    findings = [*_check_files(settings)]
    try:
        with bootstrap.using_storage(settings) as storage:
            storage.ping()
            if not storage.schema_is_current():
                return [*findings, Finding("wrong", "schema", "missing or old: run `python -m core migrate`")]
            findings += [Finding("ok", "schema", "current"), *_check_keys(settings), *_check_stored(storage)]
            return [*findings, _check_backups(storage)]
    except PlatformError as e:
        return [*findings, Finding("wrong", "database", str(e))]


def _check_files(settings: Settings) -> Iterator[Finding]:
    for path in (settings.app_key_file, settings.vault_private_keys_file):
        if not path.exists():
            yield Finding("warning", str(path), "is not on this machine")
        elif stat.S_IMODE(path.stat().st_mode) & (stat.S_IRWXG | stat.S_IRWXO):
            yield Finding("wrong", str(path), "others can read it: chmod it to 0600")
        else:
            yield Finding("ok", str(path), "readable by its owner only")
    if settings.is_sqlite and not os.access(settings.data_dir, os.W_OK):
        yield Finding("wrong", str(settings.data_dir), "is missing or not writable: run `python -m core init`")


def _check_keys(settings: Settings) -> Iterator[Finding]:
    try:
        states = bootstrap.key_states(settings)
    except PlatformError as e:
        yield Finding("wrong", "vault", str(e))
        return
    for key in states:
        if key.in_use and not key.at_hand:
            yield Finding("wrong", f"vault key {key.kid}", "sealed data needs it and it is not at hand")
        elif not key.has_check:
            yield Finding("wrong", f"vault key {key.kid}", "its key check is gone")
        else:
            yield Finding("ok", f"vault key {key.kid}", "at hand" if key.at_hand else "not needed")


def _check_backups(storage: Storage) -> Finding:
    health, now = read_backup_health(storage), bootstrap.utc_now()
    cures = {
        "backup_never": "there is none: run `python -m core backup` every hour",
        "backup_old": f"the newest is of {health.made_at:%Y-%m-%d %H:%M} UTC: run `python -m core backup` every hour"
        if health.made_at
        else "",
        "backup_unverified": "none of the last week was proved to restore: run `python -m core backup verify`",
    }
    problem = health.problem(now)
    if problem is not None:
        return Finding("warning", "backups", cures[problem])
    proved = "verified" if health.is_verified else f"unverified; one of {health.verified_made_at:%Y-%m-%d} is verified"
    return Finding("ok", "backups", f"the newest is of {health.made_at:%Y-%m-%d %H:%M} UTC, {proved}")


def _check_stored(storage: Storage) -> Iterator[Finding]:
    with storage.begin(write=False) as uow:
        accounts = uow.accounts.all(None)
        beats = uow.syncing.heartbeats()
    active = {account.user_id for account in accounts if account.status == "active"}
    mains = [account.user_id for account in accounts if account.is_main]
    without = active - set(mains)
    if without or len(mains) != len(set(mains)):
        yield Finding("wrong", "main accounts", f"{len(without)} clients have none: use `accounts set-main`")
    else:
        yield Finding("ok", "main accounts", f"{len(mains)} clients, one each")
    newest = max((beat.beat_at for beat in beats), default=None)
    if newest is None or bootstrap.utc_now() - newest > SILENT_AFTER:
        yield Finding("warning", "sync", f"no sign of life since {newest or 'ever'}")
    else:
        yield Finding("ok", "sync", f"last sign of life {newest:%H:%M:%S} UTC")
