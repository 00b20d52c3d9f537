"""The life of the vault's keys: one more pair, rewrapping, retiring; and running processes that read them again."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from core import bootstrap
from core.__main__ import main
from core.bootstrap import backups, vault_keys
from core.bootstrap.living_keys import LivingKeys
from core.config import Settings, load_settings
from core.domain.types import Heartbeat
from core.errors import ConfigurationError, ConflictError
from core.ports import WrappedKey
from core.security.keyfiles import load_private_keys
from core.services import account_keys, people
from core.services.people import NewPerson
from tests.databases import BACKENDS, fresh_url

BACKEND_PARAMS = [pytest.param(name, marks=pytest.mark.postgres) if name == "postgresql" else name for name in BACKENDS]
FIELDS = {"api_key": "key-of-" + "a" * 30, "api_secret": "secret-of-" + "b" * 30}
PASSWORD = "violet-kettle-harbour-29"


@pytest.fixture(params=BACKEND_PARAMS)
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    with fresh_url(request.param, tmp_path) as url:
        made = load_settings({"GA_DATA_DIR": str(tmp_path / "data"), "GA_DATABASE_URL": url})
        bootstrap.initialise(made)
        yield made


def add_account(settings: Settings, name: str) -> UUID:
    """Add a client with one account through the service that the form uses."""
    web = bootstrap.build_web(settings)
    now = web.clock()
    client = people.create_person(web.storage, web.passwords, NewPerson(name, name, PASSWORD), scope=None, now=now)
    key = account_keys.NewKey({**FIELDS, "api_key": f"{name}-{uuid4().hex}"})
    new = account_keys.NewAccount(client.id, "binance", name, key)
    scope = bootstrap.operator_scope(now)
    job = account_keys.add_account(web.storage, web.exchanges, web.sealer, scope, new, now=now)
    web.storage.dispose()
    return job.account_id


def opened(settings: Settings, account_id: UUID) -> str:
    """Open an account's credential as the sidecar does, and return its secret."""
    parts = bootstrap.build_sync(settings)
    with parts.storage.begin(write=False) as uow:
        account = uow.accounts.get(account_id, None)
        assert account is not None
        sealed = uow.credentials.load(account_id, account.user_id)
    assert sealed is not None
    fields = parts.opener.open(sealed, client_id=account.user_id, account_id=account_id, exchange="binance")
    parts.storage.dispose()
    return fields["api_secret"].reveal()


def counts(settings: Settings) -> dict[str, int]:
    return {key.kid: key.data_keys for key in bootstrap.key_states(settings)}


def beat(settings: Settings, kids: str) -> None:
    """Let a sidecar that holds these keys be alive."""
    with bootstrap.using_storage(settings) as storage, storage.begin() as uow:
        now = bootstrap.utc_now()
        uow.syncing.beat(Heartbeat("vm-1", now, now, "ok", "0.1.0", kids=kids))


def test_a_new_key_takes_over_row_by_row_and_the_old_one_is_retired(settings: Settings) -> None:
    accounts = [add_account(settings, f"client{number}") for number in range(5)]
    (old,) = counts(settings)
    made = vault_keys.add_key(settings)
    assert counts(settings) == {old: 5, made.kid: 0}
    with pytest.raises(ConflictError, match="5 data keys are under"):
        vault_keys.retire(settings, old)
    done = vault_keys.rewrap(settings, batch=2)
    assert (done.kid, done.done, done.changed_by_others) == (made.kid, 5, 0)
    assert vault_keys.rewrap(settings).done == 0
    assert vault_keys.retire(settings, old)
    assert counts(settings) == {made.kid: 5}
    assert load_private_keys(file=settings.vault_private_keys_file).kids == (made.kid,)
    assert {opened(settings, account_id) for account_id in accounts} == {FIELDS["api_secret"]}


def test_a_row_that_changed_meanwhile_is_left_alone(settings: Settings) -> None:
    account_id = add_account(settings, "ana")
    made = vault_keys.add_key(settings)
    with bootstrap.using_storage(settings) as storage, storage.begin() as uow:
        (held,) = uow.credentials.data_keys_of_others(made.kid, limit=10)
        before = WrappedKey(held.dek_id, held.client_id, held.token[:-1])
        assert not uow.credentials.swap_data_key(before, f"k1.{made.kid}.x.y")
    assert opened(settings, account_id) == FIELDS["api_secret"]
    assert vault_keys.rewrap(settings, batch=1).done == 1
    assert opened(settings, account_id) == FIELDS["api_secret"]


def test_nothing_is_rewrapped_while_a_sidecar_lacks_the_new_key(settings: Settings) -> None:
    add_account(settings, "ana")
    (old,) = counts(settings)
    beat(settings, old)
    made = vault_keys.add_key(settings)
    with pytest.raises(ConflictError, match="vm-1 does not hold"):
        vault_keys.rewrap(settings)
    assert counts(settings) == {old: 1, made.kid: 0}
    beat(settings, f"{made.kid},{old}")
    assert vault_keys.rewrap(settings).done == 1


def test_a_key_that_a_kept_backup_needs_is_not_retired(settings: Settings) -> None:
    add_account(settings, "ana")
    (old,) = counts(settings)
    made, _gone = backups.make_backup(settings, bootstrap.utc_now())
    assert made.kids == (old,)
    vault_keys.add_key(settings)
    vault_keys.rewrap(settings)
    with pytest.raises(ConflictError, match=made.path.name):
        vault_keys.retire(settings, old)
    made.path.unlink()
    assert vault_keys.retire(settings, old)


def test_the_current_key_and_an_unknown_one_are_not_retired(settings: Settings) -> None:
    (current,) = counts(settings)
    with pytest.raises(ConfigurationError, match="current vault key"):
        vault_keys.retire(settings, current)
    with pytest.raises(ConfigurationError, match="there is no vault key"):
        vault_keys.retire(settings, "0123456789abcdef")


def test_processes_that_run_read_changed_keys_by_themselves(settings: Settings) -> None:
    web, sync = bootstrap.build_web(settings), bootstrap.build_sync(settings)
    (old,) = counts(settings)
    made = vault_keys.add_key(settings)
    assert sync.opener.kids == (made.kid, old)
    account_id, client_id = uuid4(), uuid4()
    place = {"client_id": client_id, "account_id": account_id}
    sealed = web.sealer.seal(client_id=client_id, account_id=account_id, exchange="a", generation=1, fields=FIELDS)
    assert sealed.data_key.split(".")[1] == made.kid
    found = sync.opener.open(sealed, exchange="a", **place)
    assert found["api_secret"].reveal() == FIELDS["api_secret"]
    web.storage.dispose()
    sync.storage.dispose()


def test_a_keys_file_that_became_unreadable_takes_nothing_from_who_runs(settings: Settings) -> None:
    keys = LivingKeys(lambda: bootstrap.load_private_keys(settings), settings.vault_private_keys_file)
    held = keys.kids
    settings.vault_private_keys_file.write_text("vsk1.nonsense\n")
    assert keys.kids == held


def test_the_commands_say_what_they_did(
    settings: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GA_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("GA_DATABASE_URL", settings.database_url)
    add_account(settings, "ana")
    (old,) = counts(settings)
    assert main(["keys", "init"]) == 78
    assert main(["keys", "init", "--next"]) == 0
    assert main(["keys", "retire", old]) == 1
    assert main(["keys", "rewrap"]) == 0
    assert "1 data keys are under" in capsys.readouterr().out
    assert main(["keys", "retire", old]) == 0
    assert main(["keys", "status"]) == 0
    told = capsys.readouterr()
    assert old not in told.out.splitlines()[-1]
    assert "vsk1" not in told.out + told.err
