"""What the command line does to an installation as a whole: make it, migrate it, look at its keys."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from core.bootstrap.adapters import utc_now
from core.bootstrap.backups import make_backup
from core.bootstrap.parts import load_private_keys, load_vault_public_key, require_schema, using_storage
from core.config import Settings
from core.domain.types import Role, Scope
from core.errors import ConfigurationError
from core.persistence import backup, migrate
from core.persistence.schema import head
from core.security.keyfiles import APP_KEY_FILE, PRIVATE_KEYS_FILE, PUBLIC_KEY_FILE, NewKeys, init_keys


def operator_scope(now: datetime) -> Scope:
    """Return the scope of the operator's command line: every client, as if signed in just now."""
    return Scope(user_id=UUID(int=0), role=Role.ADMIN, client_ids=None, authenticated_at=now)


@dataclass(frozen=True, slots=True)
class KeyState:
    """A vault key as `keys status` shows it."""

    kid: str
    has_check: bool
    data_keys: int
    at_hand: bool

    @property
    def in_use(self) -> bool:
        """Tell whether the database needs it."""
        return self.data_keys > 0


def migrate_database(settings: Settings) -> None:
    """Bring the database to the newest schema; it is made where there is none, and backed up where it holds data.

    A copy of an SQLite file is put beside it by the migration itself.
    """
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not settings.is_sqlite:
        held = backup.read_contents(settings.database_url)
        if backup.has_data(held) and held.revision != head():
            make_backup(settings, utc_now())
    migrate(settings.database_url)


def initialise(settings: Settings) -> NewKeys | None:
    """Migrate, and make keys where neither keys nor data exist; return the keys if some were made.

    An empty database beside existing keys (another database, an interrupted start) gets the check of these keys.
    """
    migrate_database(settings)
    with using_storage(settings) as storage:
        with storage.begin(write=False) as uow:
            has_keys = bool(uow.credentials.kids_in_use() or uow.credentials.key_checks())
            has_data = has_keys or bool(uow.users.count())
        files = (settings.app_key_file, settings.vault_public_key_file, settings.vault_private_keys_file)
        if not has_data and not settings.vault_public_key and not any(path.exists() for path in files):
            return create_keys(settings)
        if not has_keys and (settings.vault_public_key or settings.vault_public_key_file.exists()):
            public_key = load_vault_public_key(settings)
            with storage.begin() as uow:
                uow.credentials.add_key_check(public_key.kid, public_key.make_check())
    return None


def create_keys(settings: Settings) -> NewKeys:
    """Make the vault key pair and the app key, and store the key check.

    Raises:
        ConfigurationError: keys or sealed credentials exist, or the settings place the key files apart from each other.
    """
    with using_storage(settings) as storage:
        require_schema(storage)
        with storage.begin(write=False) as uow:
            in_use = bool(uow.credentials.kids_in_use())
        _require_usual_places(settings)
        made = init_keys(settings.app_key_file.parent, data_keys_exist=in_use)
        with storage.begin() as uow:
            uow.credentials.add_key_check(made.kid, made.key_check)
    return made


def _require_usual_places(settings: Settings) -> None:
    folder = settings.app_key_file.parent
    usual = [folder / name for name in (APP_KEY_FILE, PUBLIC_KEY_FILE, PRIVATE_KEYS_FILE)]
    if [settings.app_key_file, settings.vault_public_key_file, settings.vault_private_keys_file] != usual:
        raise ConfigurationError("keys are made in one folder under their usual names; make them first, then move them")


def key_states(settings: Settings) -> list[KeyState]:
    """Return every vault key that the database names or that is at hand, by id."""
    with using_storage(settings) as storage, storage.begin(write=False) as uow:
        counts, checks = uow.credentials.count_by_kid(), uow.credentials.key_checks()
    at_hand = set(load_private_keys(settings).kids)
    kids = sorted({*counts, *checks} | at_hand)
    return [KeyState(kid, kid in checks, counts.get(kid, 0), kid in at_hand) for kid in kids]
