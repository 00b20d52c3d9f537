"""Commands of the demo world: demo run, load, remove."""

import argparse
from datetime import date, timedelta

from connectors.sandbox import World
from core import bootstrap
from core.cli.installation import READY_TIMEOUT_SECONDS, wait_until_ready
from core.cli.parsing import Subparsers, add_command, add_group, write_line
from core.config import Settings
from core.demo import loading, running
from core.demo.history import HISTORY


def register(commands: Subparsers) -> None:
    """Add the commands of this module."""
    group = add_group(commands, "demo", "the demo world: made-up figures, flagged on every screen")
    add_command(group, "run", run)
    load_parser = add_command(group, "load", load)
    load_parser.add_argument("--seed", type=int, default=running.SEED, help="seed of the running sandbox")
    load_parser.add_argument("--opened-on", type=date.fromisoformat, help="first day of the running sandbox's world")
    load_parser.add_argument("--welcome", action="store_true", help="wait until the web process is ready, then greet")
    add_command(group, "remove", remove)


def run(_options: argparse.Namespace, settings: Settings) -> int:
    """Run sandbox, web and sync on a fresh demo database until Ctrl-C."""
    return running.run(settings)


def load(options: argparse.Namespace, settings: Settings) -> int:
    """Load a demo client with three accounts and thirty days of history; refused beside real accounts."""
    web = bootstrap.build_web(settings)
    if options.welcome and not wait_until_ready(settings, READY_TIMEOUT_SECONDS):
        return 1
    opened_on = options.opened_on or (web.clock() - HISTORY - timedelta(days=1)).date()
    logins = loading.load(web, World(options.seed, opened_on, web.clock))
    write_line(f"\nDemo dashboard: {settings.public_url}")
    for login in logins:
        write_line(f"  sign in as {login.login}  password {login.password}")
    return 0


def remove(_options: argparse.Namespace, settings: Settings) -> int:
    """Erase the demo world; other data stays."""
    with bootstrap.using_storage(settings) as storage:
        count = loading.remove(storage)
    write_line(f"{count} demo people and everything of theirs erased")
    return 0
