"""The parts of the web process as the screens get them."""

from datetime import datetime

from core import bootstrap
from core.bootstrap import Web


def get_web() -> Web:
    """Return the process's parts: storage, clock, sealer and exchange facts, built once."""
    return bootstrap.get_web()


def now() -> datetime:
    """Return the present instant of the web process's clock, aware UTC."""
    return get_web().clock()
