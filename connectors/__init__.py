"""The exchange library: finds connectors by name and makes them. Knows nothing of users, databases or screens."""

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from types import ModuleType
from urllib.parse import urlsplit

from connectors._base import RestConnector
from connectors._credentials import clean_credentials
from connectors._interface import Connector, Settings
from connectors._ptax import PtaxRates
from connectors._way import Meter, Way
from connectors._wire import Exit
from connectors.errors import CredentialError, NotSupportedError, UnsupportedExchangeError
from connectors.types import ExchangeInfo

__all__ = ["Connector", "Exit", "Meter", "PtaxRates", "Way", "available", "create", "create_public", "describe"]

_NOT_EXCHANGES = frozenset({"types", "errors", "sandbox"})
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@lru_cache(maxsize=1)
def _ids() -> tuple[str, ...]:
    names = (module.name for module in pkgutil.iter_modules(__path__))
    return tuple(sorted(name for name in names if not name.startswith("_") and name not in _NOT_EXCHANGES))


def available() -> list[str]:
    """Return the ids of all exchanges, sorted."""
    return list(_ids())


def describe(id: str) -> ExchangeInfo:  # noqa: A002 - a fixed name of the library
    """Return the facts of an exchange.

    Raises:
        UnsupportedExchangeError: no connector has this id.
    """
    return _connector_class(id).info


def create(
    id: str,  # noqa: A002 - a fixed name of the library
    *,
    api_key: str,
    api_secret: str,
    passphrase: str | None = None,
    testnet: bool = False,
    hosts: Mapping[str, str] | None = None,
    clock: Callable[[], datetime] | None = None,
    options: Mapping[str, str] | None = None,
    way: Way | None = None,
) -> Connector:
    """Make the connector of one exchange account; nothing is sent.

    Args:
        id: exchange id, as in `available()`.
        api_key: the key; outer blanks are trimmed.
        api_secret: the secret or, where the exchange takes one, a private key in PEM (also pasted on one line).
        passphrase: used as it is, where the exchange has one.
        testnet: use the exchange's test hosts.
        hosts: base URLs by host key instead of the code's; then only these are reachable. Plain http on loopback only.
        clock: returns an aware datetime; the system's clock when None.
        options: the exchange's own choices, as declared in `credential_fields` with kind choice.
        way: by which address or proxy requests leave, and who counts their cost; straight and uncounted when None.

    Raises:
        UnsupportedExchangeError: no connector has this id.
        CredentialError: a field is empty, contains blanks or cannot be decoded; names the field only.
        NotSupportedError: there is no testnet, or a host key or URL that is not allowed.
    """
    kind = _connector_class(id)
    info = kind.info
    fields = {field.name: field for field in info.credential_fields}
    word = fields.get("passphrase")
    credentials = clean_credentials(
        api_key,
        api_secret,
        passphrase,
        needs_passphrase=word is not None and word.required,
        multiline=fields["api_secret"].multiline,
    )
    settings = Settings(
        hosts=_hosts(info, testnet, hosts),
        clock=clock or (lambda: datetime.now(UTC)),
        testnet=testnet,
        options=_options(info, options or {}),
        way=way or Way(),
    )
    return kind(credentials, settings)


def create_public(
    id: str,  # noqa: A002 - a fixed name of the library
    *,
    testnet: bool = False,
    hosts: Mapping[str, str] | None = None,
    clock: Callable[[], datetime] | None = None,
    way: Way | None = None,
) -> Connector:
    """Make a connector without a key, for public reads (prices, server time); private reads raise CredentialError.

    Raises:
        UnsupportedExchangeError: no connector has this id.
        NotSupportedError: there is no testnet, or a host key or URL that is not allowed.
    """
    kind = _connector_class(id)
    now = clock or (lambda: datetime.now(UTC))
    options = _options(kind.info, {}, public=True)
    return kind(None, Settings(_hosts(kind.info, testnet, hosts), now, testnet, options, way or Way()))


def _hosts(info: ExchangeInfo, testnet: bool, given: Mapping[str, str] | None) -> Mapping[str, str]:
    if testnet and not info.has_testnet:
        raise NotSupportedError(f"{info.id} has no testnet")
    if given is None:
        return info.testnet_hosts if testnet else info.hosts
    for key, url in given.items():
        parts = urlsplit(url)
        safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
        if key not in info.hosts or not safe or parts.query or parts.fragment or parts.username is not None:
            raise NotSupportedError(f"{info.id} cannot use the host given for {key}")
    return {key: url.rstrip("/") for key, url in given.items()}


def _options(info: ExchangeInfo, given: Mapping[str, str], *, public: bool = False) -> Mapping[str, str]:
    choices = {field.name: field for field in info.credential_fields if field.kind == "choice"}
    for name in given:
        if name not in choices:
            raise CredentialError(name, "unknown")
    result = {name: given.get(name) or field.default or "" for name, field in choices.items()}
    for name, value in result.items():
        if value not in choices[name].choices and (value or (choices[name].required and not public)):
            raise CredentialError(name, "choice")
    return result


def _connector_class(exchange: str) -> type[RestConnector]:
    if exchange not in _ids():
        raise UnsupportedExchangeError(exchange, available())
    return _only_connector(importlib.import_module(f"{__name__}.{exchange}"), exchange)


def _only_connector(module: ModuleType, exchange: str) -> type[RestConnector]:
    """Return the one connector class that a module (or package) defines itself."""
    found = {
        item
        for item in vars(module).values()
        if isinstance(item, type)
        and issubclass(item, RestConnector)
        and f"{item.__module__}.".startswith(f"{module.__name__}.")
        and getattr(item, "info", None) is not None
    }
    if len(found) != 1 or next(iter(found)).info.id != exchange:
        raise ImportError(f"{module.__name__} must define exactly one connector with the id {exchange}")
    return found.pop()
