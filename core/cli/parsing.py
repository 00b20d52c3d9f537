"""What the command modules share: types of subparsers and plain output."""

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import TypeAlias

from core.config import Settings

Subparsers: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
Command = Callable[[argparse.Namespace, Settings], int]


def add_command(commands: Subparsers, name: str, run: Command) -> argparse.ArgumentParser:
    """Add a command whose help is the first line of its function's docstring."""
    text = (run.__doc__ or "").strip().splitlines()[0]
    parser = commands.add_parser(name, help=text, description=text)
    parser.set_defaults(run=run)
    return parser


def add_group(commands: Subparsers, name: str, text: str) -> Subparsers:
    """Add a command that only holds further commands."""
    return commands.add_parser(name, help=text, description=text).add_subparsers(required=True, metavar="action")


def write_line(text: str = "") -> None:
    """Write one line to the standard output, at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def write_table(rows: Sequence[tuple[str, ...]]) -> None:
    """Write rows in columns as wide as their widest cell."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    for row in rows:
        write_line("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
