"""One line of figures."""

import sys


def show(what: str, value: str, note: str = "") -> None:
    """Print one line."""
    sys.stdout.write(f"{what:<48} {value:<34} {note}".rstrip() + "\n")
    sys.stdout.flush()
