"""Making and reading the key files; only `init_keys`, called by the operator's command, ever creates a key."""

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from core.errors import ConfigurationError, VaultLockedError
from core.security.app_key import APP_KEY_BYTES, AppKey, encode_app_key
from core.security.encoding import EncodingError
from core.security.keyring import KeyRing, VaultPrivateKey, VaultPublicKey

PRIVATE_KEYS_FILE = "vault.private"
PUBLIC_KEY_FILE = "vault.public"
APP_KEY_FILE = "app.key"
OWNER_ONLY = 0o600
EVERYBODY_READS = 0o644


@dataclass(frozen=True, slots=True)
class NewKeys:
    """Where `init_keys` put the keys, and the key check that belongs into the database."""

    private_keys_file: Path
    public_key_file: Path
    app_key_file: Path
    public_key: str
    kid: str
    key_check: str


def init_keys(directory: Path, *, data_keys_exist: bool) -> NewKeys:
    """Make a vault key pair and an app key in this directory: private and app key 0600, public key 0644.

    Args:
        directory: where the files go; it is made with mode 0700 when it is missing.
        data_keys_exist: whether the database holds any `k1.` token; new keys could not open it.

    Raises:
        ConfigurationError: a key file or a sealed credential is there already; nothing is overwritten.
    """
    private_file, public_file, app_file = (
        directory / name for name in (PRIVATE_KEYS_FILE, PUBLIC_KEY_FILE, APP_KEY_FILE)
    )
    if data_keys_exist:
        raise ConfigurationError("sealed credentials exist already; new keys could not open them")
    present = [path.name for path in (private_file, public_file, app_file) if path.exists()]
    if present:
        raise ConfigurationError(f"{directory} holds keys already ({', '.join(present)}); nothing was changed")
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    private = VaultPrivateKey.generate()
    _write_new(private_file, private.reveal(), OWNER_ONLY)
    _write_new(app_file, encode_app_key(os.urandom(APP_KEY_BYTES)), OWNER_ONLY)
    _write_new(public_file, private.public.text, EVERYBODY_READS)
    return NewKeys(
        private_keys_file=private_file,
        public_key_file=public_file,
        app_key_file=app_file,
        public_key=private.public.text,
        kid=private.public.kid,
        key_check=private.public.make_check(),
    )


def add_key_pair(private_file: Path, public_file: Path) -> VaultPublicKey:
    """Make one more key pair and put it first: the private key before those in the file, the public one in its place.

    Raises:
        VaultLockedError: the private keys at hand cannot be read.
    """
    load_private_keys(file=private_file)
    private = VaultPrivateKey.generate()
    lines = [private.reveal(), *private_file.read_text(encoding="ascii").split()]
    _replace(private_file, "\n".join(lines), OWNER_ONLY)
    _replace(public_file, private.public.text, EVERYBODY_READS)
    return private.public


def drop_private_key(private_file: Path, kid: str) -> bool:
    """Take a key out of the private keys file; return whether it was there. The current one stays.

    Raises:
        ConfigurationError: it is the current one.
        VaultLockedError: the file cannot be read.
    """
    kids = load_private_keys(file=private_file).kids
    if kids[0] == kid:
        raise ConfigurationError(f"{kid} is the current vault key: make another one first (`keys init --next`)")
    lines = private_file.read_text(encoding="ascii").split()
    kept = [line for line, held in zip(lines, kids, strict=True) if held != kid]
    if len(kept) < len(lines):
        _replace(private_file, "\n".join(kept), OWNER_ONLY)
    return len(kept) < len(lines)


def load_public_key(text: str) -> VaultPublicKey:
    """Read the vault's public key from its setting.

    Raises:
        ConfigurationError: it is empty or not a `vpk1.` text.
    """
    try:
        return VaultPublicKey.parse(text.strip())
    except EncodingError as e:
        raise ConfigurationError("VAULT_PUBLIC_KEY is not a vpk1 key") from e


def load_public_key_file(path: Path) -> VaultPublicKey:
    """Read the vault's public key from the file that `init_keys` wrote.

    Raises:
        ConfigurationError: the file is missing or holds something else.
    """
    return load_public_key(_read(path, "public key file"))


def load_private_keys(*, file: Path | None = None, text: str | None = None) -> KeyRing:
    """Read the vault's private keys, one per line, the first is the current one.

    Args:
        file: VAULT_PRIVATE_KEYS_FILE; it must be readable by its owner only.
        text: VAULT_PRIVATE_KEYS.

    Raises:
        ConfigurationError: both sources are given.
        VaultLockedError: there is none, or it cannot be read, is open to others, or holds something else.
    """
    if file is not None and text:
        raise ConfigurationError("set VAULT_PRIVATE_KEYS_FILE or VAULT_PRIVATE_KEYS, not both")
    if file is not None:
        try:
            text = _read(file, "private keys file", forbidden=stat.S_IRWXG | stat.S_IRWXO)
        except ConfigurationError as e:
            raise VaultLockedError(str(e)) from e
    lines = (text or "").split()
    if not lines:
        raise VaultLockedError("no private vault key: set VAULT_PRIVATE_KEYS_FILE or VAULT_PRIVATE_KEYS")
    try:
        keys = [VaultPrivateKey.parse(line) for line in lines]
    except EncodingError as e:
        raise VaultLockedError("a line of the private vault keys is not a vsk1 key") from e
    ring = KeyRing(keys)
    if len(ring.kids) != len(keys):
        raise VaultLockedError("a private vault key is listed twice", ring.kids)
    return ring


def load_app_key(path: Path) -> AppKey:
    """Read the app key file; web and sync may share it through a group, others may not read it.

    Raises:
        ConfigurationError: the file is missing, open to others, or holds something else.
    """
    return AppKey.parse(_read(path, "app key file", forbidden=stat.S_IRWXO))


def _read(path: Path, what: str, *, forbidden: int = 0) -> str:
    try:
        with path.open(encoding="ascii") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            if mode & forbidden:
                raise ConfigurationError(f"{what} {path} is open to others (mode {mode:04o}); chmod it to 0600")
            return file.read()
    except (OSError, UnicodeDecodeError) as e:
        reason = getattr(e, "strerror", None) or "not plain text"
        raise ConfigurationError(f"{what} {path} cannot be read: {reason}; run `python -m core init` first") from e


def _replace(path: Path, text: str, mode: int) -> None:
    """Write a file anew, whole or not at all."""
    partial = path.with_name(f".{path.name}.partial")
    partial.unlink(missing_ok=True)
    _write_new(partial, text, mode)
    partial.replace(path)
    _sync_folder(path.parent)


def _write_new(path: Path, text: str, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        os.fchmod(descriptor, mode)
        file.write(text + "\n")
        file.flush()
        os.fsync(descriptor)
    _sync_folder(path.parent)


def _sync_folder(path: Path) -> None:
    """Put a folder's names on disk: a power cut must not take a key file and keep what it sealed."""
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
