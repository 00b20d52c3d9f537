"""The vault's keys as running processes hold them: read again when their files change; a rotation stops nobody."""

import logging
from collections.abc import Callable
from pathlib import Path

from core.errors import PlatformError
from core.security.keyring import KeyRing, UnwrapError, VaultPublicKey, WrapContext

log = logging.getLogger(__name__)


class LivingKeys:
    """The private keys of sync; implements `core.security.keyring.Unwrapper`. What was held once is held to the end."""

    def __init__(self, load: Callable[[], KeyRing], path: Path) -> None:
        """Read the keys for the first time.

        Raises:
            VaultLockedError: there are none, or they cannot be read.
        """
        self._load, self._path = load, path
        self._stamp = self._changed_at()
        self._rings = [load()]

    @property
    def kids(self) -> tuple[str, ...]:
        """Return the ids of its keys, the current one first."""
        self._look()
        return tuple(dict.fromkeys(kid for ring in self._rings for kid in ring.kids))

    def unwrap(self, blob: bytes, context: WrapContext) -> bytes:
        """Open a wrapped data key.

        Raises:
            UnwrapError: no key of that kid, a wrong length, a wrong context or changed bytes.
        """
        self._look()
        for ring in self._rings:
            if context.kid in ring.kids:
                return ring.unwrap(blob, context)
        raise UnwrapError(f"no private key for kid {context.kid}")

    def open_check(self, kid: str, blob: bytes) -> bool:
        """Tell whether this key check opens under the key of that id."""
        return any(ring.open_check(kid, blob) for ring in self._rings)

    def _changed_at(self) -> int | None:
        try:
            return self._path.stat().st_mtime_ns
        except OSError:
            return None

    def _look(self) -> None:
        stamp = self._changed_at()
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            self._rings = [self._load(), *self._rings][:4]
        except PlatformError as e:
            log.warning("the private keys file has changed and cannot be read, those held stay: %s", e)
        else:
            log.info("the private keys were read again: %s", ", ".join(self._rings[0].kids))


class LivingPublicKey:
    """The vault's public key of web; implements `core.security.keyring.Wrapper`. Read anew for each credential."""

    def __init__(self, load: Callable[[], VaultPublicKey]) -> None:
        self._load = load
        self._named: dict[str, VaultPublicKey] = {}

    @property
    def kid(self) -> str:
        """Return the id of the key that credentials are sealed under now."""
        key = self._load()
        self._named[key.kid] = key
        return key.kid

    def wrap(self, dek: bytes, context: WrapContext) -> bytes:
        """Return the data key sealed for this context, under the key that it names and that `kid` has told."""
        return self._named[context.kid].wrap(dek, context)
