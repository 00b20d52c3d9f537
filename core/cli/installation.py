"""Commands about the installation itself: init, migrate, setup-link, doctor."""

import argparse
import http.client
import time

from core import bootstrap
from core.cli.diagnosis import diagnose
from core.cli.parsing import Subparsers, add_command, write_line, write_table
from core.config import Settings
from core.domain.types import Role
from core.services import auth

READY_TIMEOUT_SECONDS = 120.0


def register(commands: Subparsers) -> None:
    """Add the commands of this module."""
    add_command(commands, "init", init)
    add_command(commands, "migrate", migrate)
    link = add_command(commands, "setup-link", setup_link)
    link.add_argument("--welcome", action="store_true", help="wait until the web process is ready, then greet")
    add_command(commands, "doctor", doctor)


def init(_options: argparse.Namespace, settings: Settings) -> int:
    """Make the data folder and the database, and keys where there is no data yet."""
    made = bootstrap.initialise(settings)
    if made is not None:
        write_line(f"vault key {made.kid} made in {made.private_keys_file}: keep it apart from database backups")
    return 0


def migrate(_options: argparse.Namespace, settings: Settings) -> int:
    """Bring the database to the newest schema (a backup is made first)."""
    bootstrap.migrate_database(settings)
    write_line("the schema is current")
    return 0


def setup_link(options: argparse.Namespace, settings: Settings) -> int:
    """Print a one-time link that makes the first administrator (24 hours; refused once there is one)."""
    web = bootstrap.build_web(settings)
    if options.welcome:
        if not wait_until_ready(settings, READY_TIMEOUT_SECONDS):
            return 1
        write_line(f"\nDashboard: {settings.public_url}")
        with web.storage.begin(write=False) as uow:
            if uow.users.count(role=Role.ADMIN):
                return 0
        write_line("Nobody has signed in yet. This one-time link makes the first administrator:")
    token = auth.make_setup_link(web.storage, web.tokens, now=web.clock())
    write_line(f"{settings.public_url}/setup?token={token}")
    return 0


def doctor(_options: argparse.Namespace, settings: Settings) -> int:
    """Check settings, database, keys, main accounts and the sidecar; exit code 1 when something is wrong."""
    findings = diagnose(settings)
    write_table([(finding.state, finding.subject, finding.detail) for finding in findings])
    return int(any(finding.state == "wrong" for finding in findings))


def wait_until_ready(settings: Settings, timeout_seconds: float) -> bool:
    """Ask `/readyz` until it answers 200; return False when the time is over."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.address, settings.address)  # noqa: S104 - a lookup
    deadline = time.monotonic() + timeout_seconds
    while time.monotonic() < deadline:
        connection = http.client.HTTPConnection(host, settings.port, timeout=2)
        try:
            connection.request("GET", "/readyz")
            if connection.getresponse().status == http.client.OK:
                return True
        except OSError:
            pass  # not listening yet
        finally:
            connection.close()
        time.sleep(0.1)
    return False
