"""Finds the dialects by name: each module or package in this folder that has a `DIALECT`."""

from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules

from connectors.sandbox.accounts import AccountSpec
from connectors.sandbox.dialect import Dialect
from connectors.sandbox.keys import SandboxKey

PACKAGE = "connectors.sandbox"


@cache
def available() -> tuple[str, ...]:
    """Return the ids of the exchanges the sandbox speaks, sorted."""
    spec = find_spec(PACKAGE)
    paths = list(spec.submodule_search_locations or ()) if spec else []
    names = sorted(module.name for module in iter_modules(paths))
    return tuple(name for name in names if hasattr(import_module(f"{PACKAGE}.{name}"), "DIALECT"))


def load(exchange: str) -> Dialect:
    """Return the dialect of an exchange.

    Raises:
        KeyError: the sandbox does not speak it.
    """
    if exchange not in available():
        raise KeyError(exchange)
    dialect: Dialect = import_module(f"{PACKAGE}.{exchange}").DIALECT
    return dialect


def all_accounts() -> list[AccountSpec]:
    """Return the accounts of every exchange."""
    return [spec for exchange in available() for spec in load(exchange).accounts()]


def key(exchange: str, name: str) -> SandboxKey:
    """Return a seeded key by its name, such as good, second, withdraw, empty (see keys.default_keys).

    Raises:
        KeyError: unknown exchange or name.
    """
    return {item.name: item for item in load(exchange).default_keys()}[name]
