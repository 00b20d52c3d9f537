"""Commands about the vault's keys: keys init, status, rewrap, retire."""

import argparse
import time

from core import bootstrap
from core.bootstrap import vault_keys
from core.cli.parsing import Subparsers, add_command, add_group, write_line, write_table
from core.config import Settings


def register(commands: Subparsers) -> None:
    """Add the commands of this module."""
    keys = add_group(commands, "keys", "make, look at, change and retire the vault's keys")
    making = add_command(keys, "init", init_keys)
    making.add_argument("--next", action="store_true", help="one more pair beside those in use, to rewrap under")
    add_command(keys, "status", show_keys)
    rewrapping = add_command(keys, "rewrap", rewrap_keys)
    rewrapping.add_argument("--batch", type=int, default=vault_keys.BATCH, help="data keys in one transaction")
    retiring = add_command(keys, "retire", retire_key)
    retiring.add_argument("kid", help="id of the key, as `keys status` shows it")


def init_keys(options: argparse.Namespace, settings: Settings) -> int:
    """Make the vault key pair and the app key; refused where keys or sealed credentials exist, but for --next."""
    if options.next:
        made = vault_keys.add_key(settings)
        write_line(f"vault key {made.kid} made in {settings.vault_private_keys_file}, the current one from now on")
        write_line("Copy it to every machine that runs a sidecar, then run `python -m core keys rewrap`.")
        return 0
    new = bootstrap.create_keys(settings)
    write_line(f"vault key {new.kid} made in {new.private_keys_file}: keep it apart from database backups")
    return 0


def show_keys(_options: argparse.Namespace, settings: Settings) -> int:
    """Show which vault keys the database needs, how many data keys are under each, and which are at hand."""
    rows = [("key id", "key check", "data keys", "private key at hand")]
    for key in bootstrap.key_states(settings):
        rows.append((key.kid, _yes(key.has_check), str(key.data_keys), _yes(key.at_hand)))
    write_table(rows)
    return 0


def rewrap_keys(options: argparse.Namespace, settings: Settings) -> int:
    """Put every data key under the current vault key, while everything runs; safe to run again after a stop."""
    began = time.monotonic()
    done = vault_keys.rewrap(settings, batch=max(1, options.batch))
    write_line(f"{done.done} data keys are under {done.kid} now ({time.monotonic() - began:.1f} s)")
    if done.changed_by_others:
        write_line(f"{done.changed_by_others} were changed by others meanwhile and need nothing")
    return 0


def retire_key(options: argparse.Namespace, settings: Settings) -> int:
    """Forget a vault key that neither the database nor a kept backup needs."""
    if vault_keys.retire(settings, options.kid):
        write_line(f"{options.kid} is retired and gone from {settings.vault_private_keys_file}")
    else:
        write_line(f"{options.kid} is retired; take it out of GA_VAULT_PRIVATE_KEYS wherever it stands")
    return 0


def _yes(value: bool) -> str:
    return "yes" if value else "no"
