"""Commands about backups: backup, backup list, backup verify, restore."""

import argparse
from contextlib import nullcontext
from pathlib import Path

from core import bootstrap
from core.bootstrap import backups
from core.bootstrap.backups import Backup
from core.cli.parsing import Subparsers, add_command, write_line, write_table
from core.config import Settings
from core.errors import ConflictError, NotFoundError
from core.sync.lock import holding_lock


def register(commands: Subparsers) -> None:
    """Add the commands of this module."""
    making = add_command(commands, "backup", make)
    making.add_argument("--to", type=Path, metavar="FOLDER", help="instead of the folder of the settings")
    actions = making.add_subparsers(metavar="action")
    listing = add_command(actions, "list", show)
    listing.add_argument("--in", dest="folder", type=Path, metavar="FOLDER", help="instead of the settings' folder")
    verifying = add_command(actions, "verify", verify)
    verifying.add_argument("name", nargs="?", help="file of the backup; the newest when left out")
    restoring = add_command(commands, "restore", restore)
    restoring.add_argument("name", help="file of the backup, as `backup list` shows it, or a path")
    restoring.add_argument("--replace", action="store_true", help="the database holds data: keep a copy and replace it")


def make(options: argparse.Namespace, settings: Settings) -> int:
    """Write a backup of the database (never of keys) and delete those that need not be kept."""
    made, gone = backups.make_backup(settings, bootstrap.utc_now(), folder=options.to)
    write_line(f"{made.path} ({sum(made.counts.values())} rows, {_size(made.size)}), not verified yet")
    if gone:
        write_line(f"{len(gone)} older ones deleted")
    return 0


def show(options: argparse.Namespace, settings: Settings) -> int:
    """List the backups, the newest first, and which were proved to restore."""
    rows: list[tuple[str, ...]] = [("made", "rows", "size", "verified", "file")]
    for backup in backups.list_backups(settings, options.folder):
        count = str(sum(backup.counts.values()))
        rows.append((f"{backup.made_at:%Y-%m-%d %H:%M}", count, _size(backup.size), _proof(backup), backup.path.name))
    write_table(rows)
    return 0


def verify(options: argparse.Namespace, settings: Settings) -> int:
    """Restore a backup into a temporary place and compare it with what it was made of."""
    if options.name:
        path = backups.find_backup(settings, options.name)
    else:
        found = backups.list_backups(settings)
        if not found:
            raise NotFoundError(f"there is no backup in {settings.backup_dir}: make one with `python -m core backup`")
        path = found[0].path
    verified = backups.verify_backup(settings, path, bootstrap.utc_now())
    keys = "the vault's keys open it" if verified.keys_opened else "no private key at hand to try on it"
    write_line(f"{path.name}: restores to the {sum(verified.counts.values())} rows it was made of; {keys}")
    return 0


def restore(options: argparse.Namespace, settings: Settings) -> int:
    """Put a backup in the place of the database; refused while anybody works with it."""
    path = backups.find_backup(settings, options.name)
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    with holding_lock(settings.data_dir) if settings.is_sqlite else nullcontext(True) as is_ours:
        if not is_ours:
            raise ConflictError("a sidecar is running: stop it, then again")
        restored = backups.restore_backup(settings, path, bootstrap.utc_now(), replace=options.replace)
    if restored.before is not None:
        write_line(f"what was there before is kept in {restored.before}")
    write_line(f"{path.name}: {restored.rows} rows restored; everybody signs in again")
    write_line("start web and sync with the keys of that time (see `python -m core keys status`)")
    return 0


def _proof(backup: Backup) -> str:
    if backup.problem:
        return f"FAILED: {backup.problem}"
    if backup.verified_at is None:
        return "unverified"
    return f"{backup.verified_at:%Y-%m-%d %H:%M}" + ("" if backup.keys_opened else " (keys not tried)")


def _size(count: int) -> str:
    return f"{count / 1_000_000:.1f} MB"
