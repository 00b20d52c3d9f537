"""Commands about the audit log: audit verify."""

import argparse
import re

from core.bootstrap import auditing
from core.cli.parsing import Subparsers, add_command, add_group, write_line
from core.config import Settings
from core.errors import InvalidInputError

HEAD = re.compile(r"([1-9][0-9]*):([0-9a-f]{64})", re.ASCII)


def register(commands: Subparsers) -> None:
    """Add the commands of this module."""
    audit = add_group(commands, "audit", "prove that the audit log is whole")
    verifying = add_command(audit, "verify", verify)
    verifying.add_argument("--head", metavar="NUMBER:HASH", help="a head told by the sidecar's log: it must be there")


def verify(options: argparse.Namespace, settings: Settings) -> int:
    """Check the chain of the audit log row by row; exit code 1 names the first bad row, or a head that is gone."""
    known = None
    if options.head:
        found = HEAD.fullmatch(options.head)
        if found is None:
            raise InvalidInputError("head", "bad_head")
        known = (int(found[1]), found[2])
    state = auditing.verify(settings, known)
    if state.first_bad is not None:
        write_line(f"row {state.first_bad} was changed, removed or added: the log cannot be trusted from there on")
        return 1
    if state.head is None:
        write_line("the audit log is empty")
        return 0
    write_line(f"{state.rows} rows, none changed; the head is {state.head[0]}:{state.head[1]}")
    return 0
