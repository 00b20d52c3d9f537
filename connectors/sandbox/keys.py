"""API keys of the sandbox: a set of every sort per exchange, and the ring that servers look keys up in.

The keys are the same for every seed, so that tests, demo and documentation can name them: `key("binance", "good")`.
"""

import hashlib
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from connectors.types import Permissions

LOOPBACK = ("127.0.0.1", "::1")
FOREIGN = ("203.0.113.7",)
LONG_AGO = datetime(2024, 1, 1, tzinfo=UTC)
ALPHANUMERIC = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
HEX = "0123456789abcdef"


@dataclass(frozen=True, slots=True)
class SandboxKey:
    """One API key. `denied` are path prefixes it is refused on; `name` is how tests call it. Secrets are toys."""

    exchange: str
    name: str
    api_key: str
    api_secret: str
    passphrase: str | None
    uid: str
    permissions: Permissions
    testnet: bool = False
    revoked: bool = False
    allowed_ips: tuple[str, ...] = LOOPBACK
    denied: tuple[str, ...] = ()
    created_at: datetime = LONG_AGO


@dataclass(frozen=True, slots=True)
class KeyStyle:
    """What an exchange's keys look like; `pair` makes key and secret of a label where they are no random text."""

    prefix: str = ""
    alphabet: str = ALPHANUMERIC
    length: int = 64
    secret_alphabet: str = ALPHANUMERIC
    secret_length: int = 64
    passphrase: bool = False
    pair: Callable[[str], tuple[str, str]] | None = None


READ_ONLY = Permissions(read=True, trade=False, transfer=False, withdraw=False, ip_restricted=True)


def default_keys(exchange: str, style: KeyStyle, uids: dict[str, str]) -> list[SandboxKey]:
    """Return the seeded keys of an exchange; `uids` maps account names (rich, spot, empty, dust, one_way, …) to uids.

    good and second are read-only keys of the rich account; every other account has a read-only key of its own name. Bad
    or doubtful keys of the rich account: trade, transfer, withdraw, no_ip, wrong_ip, expired, revoked, blind (may not
    read). testnet belongs to the one-way account.
    """
    rich = uids["rich"]
    sorts: list[tuple[str, str, Permissions]] = [("good", rich, READ_ONLY), ("second", rich, READ_ONLY)]
    sorts += [(name, uid, READ_ONLY) for name, uid in uids.items() if name != "rich"]
    sorts += [
        ("trade", rich, replace(READ_ONLY, trade=True)),
        ("transfer", rich, replace(READ_ONLY, transfer=True)),
        ("withdraw", rich, replace(READ_ONLY, trade=True, transfer=True, withdraw=True)),
        ("no_ip", rich, replace(READ_ONLY, ip_restricted=False)),
        ("wrong_ip", rich, READ_ONLY),
        ("expired", rich, replace(READ_ONLY, expires_at=LONG_AGO)),
        ("revoked", rich, READ_ONLY),
        ("blind", rich, replace(READ_ONLY, read=False)),
        ("testnet", uids["one_way"], READ_ONLY),
    ]
    keys = [_make(exchange, name, style, uid, permissions) for name, uid, permissions in sorts]
    changes: dict[str, SandboxKey] = {key.name: key for key in keys}
    changes["wrong_ip"] = replace(changes["wrong_ip"], allowed_ips=FOREIGN)
    changes["no_ip"] = replace(changes["no_ip"], allowed_ips=())
    changes["revoked"] = replace(changes["revoked"], revoked=True)
    changes["testnet"] = replace(changes["testnet"], testnet=True)
    return list(changes.values())


def make_key(
    exchange: str, name: str, style: KeyStyle, *, uid: str, permissions: Permissions = READ_ONLY
) -> SandboxKey:
    """Return a key in the exchange's style; the same name always gives the same key."""
    return _make(exchange, name, style, uid, permissions)


def _make(exchange: str, name: str, style: KeyStyle, uid: str, permissions: Permissions) -> SandboxKey:
    label = f"{exchange}:{name}"
    passphrase = f"Sandbox-{_text(label + ':passphrase', HEX, 8)}" if style.passphrase else None
    api_key = style.prefix + _text(label + ":key", style.alphabet, style.length)
    secret = _text(label + ":secret", style.secret_alphabet, style.secret_length)
    if style.pair is not None:
        api_key, secret = style.pair(label)
    return SandboxKey(
        exchange=exchange,
        name=name,
        api_key=api_key,
        api_secret=secret,
        passphrase=passphrase,
        uid=uid,
        permissions=permissions,
        allowed_ips=LOOPBACK if permissions.ip_restricted else (),
    )


def _text(label: str, alphabet: str, length: int) -> str:
    digest = hashlib.shake_256(f"sandbox:{label}".encode()).digest(length)
    return "".join(alphabet[byte % len(alphabet)] for byte in digest)


class KeyRing:
    """Keys by their text; changed at run time by the control port."""

    def __init__(self, keys: Iterable[SandboxKey]) -> None:
        self._keys = {key.api_key: key for key in keys}
        self._lock = threading.Lock()

    def find(self, api_key: str) -> SandboxKey | None:
        """Return the key with this text, None where there is none."""
        with self._lock:
            return self._keys.get(api_key)

    def put(self, key: SandboxKey) -> None:
        """Add a key, or change the one with the same text."""
        with self._lock:
            self._keys[key.api_key] = key

    def remove(self, api_key: str) -> None:
        """Forget a key, as if it never existed."""
        with self._lock:
            self._keys.pop(api_key, None)

    def all(self) -> list[SandboxKey]:
        """Return every key."""
        with self._lock:
            return list(self._keys.values())
