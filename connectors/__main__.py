"""Prints what the connectors declare of themselves as a Markdown page: `python -m connectors`."""

import sys

from connectors import _connector_class, available
from connectors._page import write_page

if __name__ == "__main__":
    sys.stdout.write(write_page(_connector_class(name) for name in available()))
