"""Command `sandbox serve`: exchanges on loopback with a seeded, moving world."""

import argparse

from connectors.sandbox import run
from core.cli.parsing import Subparsers, add_command, add_group
from core.config import Settings


def register(commands: Subparsers) -> None:
    """Add the commands of this module."""
    group = add_group(commands, "sandbox", "exchanges on loopback for development and tests")
    serve_parser = add_command(group, "serve", serve)
    serve_parser.add_argument("arguments", nargs=argparse.REMAINDER, help="its options; `-- --help` lists them")


def serve(options: argparse.Namespace, _settings: Settings) -> int:
    """Serve the sandbox exchanges until Ctrl-C; prints the EXCHANGE_HOSTS to set for web and sync."""
    return run([argument for argument in options.arguments if argument != "--"])
