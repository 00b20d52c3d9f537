"""Erasing a client: nothing of it stays, others stay whole, and no restored backup brings it back."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from core import bootstrap
from core.__main__ import main
from core.bootstrap import backups, erasing
from core.config import Settings, load_settings
from core.domain.types import Role
from core.errors import ConflictError, NotFoundError
from core.persistence.backup.contents import engine_of, read_contents
from core.services import people
from core.services.people import NewPerson
from tests.core.test_vault_keys import BACKEND_PARAMS, PASSWORD, add_account
from tests.databases import BINARIES, fresh_url


@pytest.fixture(params=BACKEND_PARAMS)
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    with fresh_url(request.param, tmp_path) as url:
        values = {"GA_DATA_DIR": str(tmp_path / "data"), "GA_DATABASE_URL": url, "GA_PG_BIN_DIR": str(BINARIES)}
        made = load_settings(values)
        bootstrap.initialise(made)
        yield made


def sealed_of(settings: Settings) -> list[str]:
    """Return every sealed text in the database."""
    with engine_of(settings.database_url) as engine, engine.connect() as connection:
        found = connection.execute(text("SELECT token FROM data_keys UNION ALL SELECT api_key FROM exchange_accounts"))
        return [token for (token,) in found if token]


def test_an_erased_client_leaves_nothing_but_audit_rows_and_others_stay_whole(settings: Settings) -> None:
    add_account(settings, "ana")
    gone = sealed_of(settings)
    add_account(settings, "bruno")
    stays = [token for token in sealed_of(settings) if token not in gone]
    client_id = erasing.erase_client(settings, "Ana", bootstrap.utc_now())
    assert sorted(sealed_of(settings)) == sorted(stays)
    counts = read_contents(settings.database_url).counts
    assert (counts["users"], counts["exchange_accounts"], counts["data_keys"]) == (1, 1, 1)
    assert erasing.noted_erasures(settings.backup_dir) == [client_id]
    if settings.is_sqlite:
        held = b"".join(path.read_bytes() for path in settings.data_dir.parent.glob("dashboard-*.db*"))
        assert all(token.encode() not in held for token in gone)
        assert all(token.encode() in held for token in stays)


def test_a_restore_erases_again_who_was_erased_since(settings: Settings) -> None:
    add_account(settings, "ana")
    add_account(settings, "bruno")
    made, _gone = backups.make_backup(settings, bootstrap.utc_now())
    erasing.erase_client(settings, "ana", bootstrap.utc_now())
    backups.restore_backup(settings, made.path, bootstrap.utc_now(), replace=True)
    with bootstrap.using_storage(settings) as storage, storage.begin(write=False) as uow:
        assert [user.login for user in uow.users.all()] == ["bruno"]
        assert len(uow.accounts.all(None)) == 1


def test_only_a_client_is_erased_and_only_when_named_twice(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GA_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("GA_DATABASE_URL", settings.database_url)
    web = bootstrap.build_web(settings)
    root = NewPerson("Root", "root", PASSWORD, Role.ADMIN)
    people.create_person(web.storage, web.passwords, root, scope=None, now=web.clock())
    web.storage.dispose()
    with pytest.raises(ConflictError, match="is no client"):
        erasing.erase_client(settings, "root", bootstrap.utc_now())
    with pytest.raises(NotFoundError):
        erasing.erase_client(settings, "nobody", bootstrap.utc_now())
    add_account(settings, "ana")
    assert main(["users", "erase", "--login", "ana", "--yes", "anna"]) == 1
    assert main(["users", "erase", "--login", "ana", "--yes", "ana"]) == 0
    assert "is erased" in capsys.readouterr().out
