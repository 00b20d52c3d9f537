"""Keys of exchange accounts: sealed at once, nowhere in plain text, refused when they cannot be right."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import text

from core.bootstrap import ConnectorLibrary
from core.domain.types import AccountStatus, Job, JobKind, JobStatus, Role, StepState
from core.errors import (
    ConflictError,
    DamagedCredentialError,
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    PlatformError,
    StepUpRequiredError,
)
from core.security.keyring import KeyRing
from core.security.vault import Opener
from core.services.account_keys import (
    CHECK_LIST,
    NewKey,
    replace_key,
    retry_verification,
    suggest_name,
)
from tests.core.services.office import (
    API_KEY,
    API_SECRET,
    NOW,
    PASSPHRASE,
    WITH_CHOICE,
    WITH_PASSPHRASE,
    Office,
)

OTHER_KEY = NewKey({"api_key": "canary-other-key-9999-wxyz", "api_secret": "canary-other-secret"})


def give(office: Office, account_id: UUID, key: NewKey = OTHER_KEY, **changes: object) -> Job:
    scope = changes.get("scope", office.mine)
    return replace_key(office.web, office.exchanges, office.sealer, scope, account_id, key, now=NOW)  # type: ignore[arg-type]


def refusal(act: Callable[[], object]) -> tuple[str, str]:
    with pytest.raises(InvalidInputError) as caught:
        act()
    return caught.value.field, caught.value.code


def accounts_stored(office: Office) -> int:
    with office.sync.begin(write=False) as uow:
        return len(uow.accounts.all(None, with_removed=True))


def test_a_new_account_waits_for_its_verification(office: Office) -> None:
    job = office.submit(office.new(" Reserve ", make_main=True))
    account = office.stored(job.account_id)
    assert (account.user_id, account.name, account.status) == (office.ana.id, "Reserve", AccountStatus.PENDING)
    assert (account.hint, account.generation, account.testnet) == ("abcd", 1, False)
    assert (account.is_active, account.is_main, account.wants_main) == (True, False, True)
    assert (job.kind, job.status, job.client_id) == (JobKind.VERIFY, JobStatus.QUEUED, office.ana.id)
    assert [(step.code, step.state) for step in job.steps] == [(code, StepState.WAITING) for code in CHECK_LIST]
    assert office.audit() == [("account.added", office.ana.id, office.ana.id, {"exchange": "binance"})]


def test_what_was_sealed_is_what_was_typed_and_opens_in_its_own_row_only(office: Office) -> None:
    typed = {"api_key": f" {API_KEY}\n", "api_secret": API_SECRET, "passphrase": PASSPHRASE}
    job = office.submit(office.new(exchange=WITH_PASSPHRASE, key=NewKey(typed)))
    with office.sync.begin(write=False) as uow:
        sealed = uow.credentials.load(job.account_id, job.client_id)
    assert sealed is not None
    opener = Opener(KeyRing([office.key]), office.app_key)
    row = {"client_id": job.client_id, "account_id": job.account_id, "exchange": WITH_PASSPHRASE}
    opened = {name: secret.reveal() for name, secret in opener.open(sealed, **row).items()}  # type: ignore[arg-type]
    assert opened == {"api_key": API_KEY, "api_secret": API_SECRET, "passphrase": PASSPHRASE}
    with pytest.raises(DamagedCredentialError):
        opener.open(sealed, client_id=office.bruno.id, account_id=job.account_id, exchange=WITH_PASSPHRASE)


def test_nothing_of_a_key_but_its_last_four_characters_is_in_the_database(office: Office, tmp_path: Path) -> None:
    job = office.submit(office.new(exchange=WITH_PASSPHRASE))
    give(office, job.account_id, replace(OTHER_KEY, fields={**OTHER_KEY.fields, "passphrase": PASSPHRASE}))
    stored = whole_database(office, tmp_path)
    assert b"abcd" in stored
    for secret in (API_KEY, API_SECRET, PASSPHRASE.strip(), *OTHER_KEY.fields.values(), "canary"):
        assert secret.encode() not in stored


def whole_database(office: Office, folder: Path) -> bytes:
    """Return the files of an SQLite database, or every row of every table of a PostgreSQL one."""
    if office.web.is_sqlite:
        return b"".join(path.read_bytes() for path in folder.glob("dashboard*"))
    with office.sync.engine.connect() as connection:
        tables = connection.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).scalars().all()
        assert "exchange_accounts" in tables
        rows = [connection.execute(text(f'SELECT * FROM "{table}"')).all() for table in tables]  # noqa: S608
    return repr(rows).encode()


def test_a_typed_key_is_not_shown_by_accident(office: Office) -> None:
    assert "canary" not in repr(office.new())


def test_a_short_key_has_no_hint(office: Office) -> None:
    job = office.submit(office.new(key=NewKey({"api_key": "shortkey", "api_secret": API_SECRET})))
    assert office.stored(job.account_id).hint == ""


def test_an_administrator_adds_accounts_for_any_client_and_only_for_active_clients(office: Office) -> None:
    job = office.submit(office.new(client_id=office.bruno.id), office.admin)
    assert office.stored(job.account_id).user_id == office.bruno.id
    away = replace(office.add_person("away"), is_active=False)
    with office.sync.begin() as uow:
        uow.users.update(away)
    for nobody in (office.root.id, office.eva.id, away.id, UUID(int=7)):
        with pytest.raises(NotFoundError):
            office.submit(office.new("Other", client_id=nobody), office.admin)


def test_nobody_adds_an_account_for_another_client(office: Office) -> None:
    with pytest.raises(NotFoundError):
        office.submit(office.new(client_id=office.bruno.id))
    with pytest.raises(ForbiddenError):
        office.submit(scope=office.analyst)
    with pytest.raises(StepUpRequiredError):
        office.submit(scope=office.stale(office.mine))
    assert accounts_stored(office) == 0


@pytest.mark.parametrize(
    ("exchange", "fields", "refused"),
    [
        ("binance", {"api_key": ""}, ("api_key", "required")),
        ("binance", {"api_secret": " "}, ("api_secret", "required")),
        ("binance", {"api_key": "two words"}, ("api_key", "bad_format")),
        (WITH_PASSPHRASE, {"passphrase": ""}, ("passphrase", "required")),
        (WITH_PASSPHRASE, {"passphrase": "  "}, ("passphrase", "required")),
        ("nowhere", {}, ("exchange", "unsupported_exchange")),
    ],
)
def test_a_wrong_field_is_named_and_nothing_is_stored(
    office: Office, exchange: str, fields: dict[str, str], refused: tuple[str, str]
) -> None:
    key = NewKey({"api_key": API_KEY, "api_secret": API_SECRET, "passphrase": PASSPHRASE, **fields})
    assert refusal(lambda: office.submit(office.new(exchange=exchange, key=key))) == refused
    assert accounts_stored(office) == 0
    assert office.actions() == []


def test_every_exchange_with_a_passphrase_requires_it(office: Office) -> None:
    library = ConnectorLibrary({})
    having = [
        name
        for name in library.available()
        if any(field.name == "passphrase" and field.required for field in library.describe(name).credential_fields)
    ]
    assert WITH_PASSPHRASE in having
    without = NewKey({"api_key": API_KEY, "api_secret": API_SECRET})
    for name in having:
        new = office.new(exchange=name, key=without)
        assert refusal(lambda new=new: office.submit(new)) == ("passphrase", "required")  # type: ignore[misc]


def test_a_passphrase_is_not_kept_where_the_exchange_has_none(office: Office) -> None:
    key = NewKey({"api_key": API_KEY, "api_secret": API_SECRET, "passphrase": PASSPHRASE})
    job = office.submit(office.new(key=key))
    with office.sync.begin(write=False) as uow:
        sealed = uow.credentials.load(job.account_id, job.client_id)
    assert sealed is not None
    assert sealed.passphrase is None


def test_a_testnet_account_needs_an_exchange_with_a_testnet(office: Office) -> None:
    new = office.new(exchange="plain", testnet=True)
    assert refusal(lambda: office.submit(new)) == ("testnet", "no_testnet")
    assert office.stored(office.submit(office.new(testnet=True)).account_id).testnet


@pytest.mark.parametrize("name", ["Reserve", "RESERVE", " reserve "])
def test_a_clients_accounts_have_different_names(office: Office, name: str) -> None:
    office.account("Reserve")
    office.account("Elsewhere", office.bruno)
    assert refusal(lambda: office.submit(office.new(name))) == ("name", "name_in_use")
    assert refusal(lambda: office.submit(office.new(name), office.admin)) == ("name", "name_in_use")
    office.submit(office.new("Elsewhere"))


def test_the_same_key_is_taken_once_over_all_clients(office: Office) -> None:
    job = office.submit()
    again = [(office.new("Again"), office.mine), (office.new("Theirs", client_id=office.bruno.id), office.admin)]
    for new, scope in again:
        with pytest.raises(ConflictError) as caught:
            office.submit(new, scope)
        assert caught.value.code == "duplicate_key"
        assert str(job.account_id) not in str(caught.value)
    assert accounts_stored(office) == 1


def test_the_key_of_a_removed_account_can_come_back(office: Office) -> None:
    job = office.submit()
    with office.sync.begin() as uow:
        uow.accounts.remove(office.stored(job.account_id), NOW)
    assert office.submit().account_id != job.account_id


def test_a_choice_has_its_default_and_what_the_exchange_does_not_offer_is_refused(office: Office) -> None:
    fields = {"api_key": API_KEY, "api_secret": API_SECRET}
    first = office.submit(office.new("One", WITH_CHOICE, key=NewKey(fields)))
    (choice,) = [f for f in ConnectorLibrary({}).describe(WITH_CHOICE).credential_fields if f.kind == "choice"]
    assert office.stored(first.account_id).options == {"region": choice.default or ""}
    other = NewKey({**fields, "api_key": "another-key-0000000"}, {"region": "eu", "unknown": "x"})
    second = office.submit(office.new("Two", WITH_CHOICE, key=other))
    assert office.stored(second.account_id).options == {"region": "eu"}
    third = office.new(
        "Three", WITH_CHOICE, key=NewKey({**fields, "api_key": "third-key-000000000"}, {"region": "moon"})
    )
    assert refusal(lambda: office.submit(third)) == ("region", "bad_format")


# another key in the place of the present one


def test_a_new_key_waits_beside_the_present_one(office: Office) -> None:
    account = office.account("Reserve")
    with office.sync.begin(write=False) as uow:
        current = uow.credentials.load(account.id, account.user_id)
    job = give(office, account.id)
    assert (job.kind, job.status) == (JobKind.REPLACE_KEY, JobStatus.QUEUED)
    assert office.stored(account.id) == account
    with office.sync.begin(write=False) as uow:
        waiting = uow.credentials.load_candidate(account.id, account.user_id)
        assert uow.credentials.load(account.id, account.user_id) == current
    assert waiting is not None
    assert waiting.credential.generation == 2
    assert office.actions() == ["account.key_replacement_asked"]


def test_a_second_new_key_takes_the_place_of_the_waiting_one_under_the_same_job(office: Office) -> None:
    account = office.account("Reserve")
    first = give(office, account.id)
    second = give(office, account.id, NewKey({"api_key": "second-key-12345678", "api_secret": "s"}))
    assert second == first
    with office.sync.begin() as uow:
        waiting = uow.credentials.load_candidate(account.id, account.user_id)
        assert waiting is not None
        uow.credentials.promote_candidate(waiting.credential, NOW)
    assert office.stored(account.id).hint == "5678"


def test_the_same_key_may_be_given_again_and_another_accounts_key_may_not(office: Office) -> None:
    job = office.submit()
    give(office, job.account_id, office.new().key)
    other = office.account("Other")
    with pytest.raises(ConflictError) as caught:
        give(office, other.id, office.new().key)
    assert caught.value.code == "duplicate_key"


def test_options_that_a_new_key_does_not_name_stay_as_they_are(office: Office) -> None:
    account = office.account("Reserve", exchange=WITH_CHOICE, options={"region": "eu"})
    cases: list[tuple[Mapping[str, str], str]] = [({}, "eu"), ({"region": "global"}, "global")]
    for given, expected in cases:
        give(office, account.id, replace(OTHER_KEY, options=given))
        with office.sync.begin(write=False) as uow:
            waiting = uow.credentials.load_candidate(account.id, account.user_id)
        assert waiting is not None
        assert waiting.options == {"region": expected}


def test_a_refused_account_is_given_a_key_and_a_removed_one_is_not(office: Office) -> None:
    account = office.account("Reserve", status=AccountStatus.REFUSED, reason="bad_key")
    with office.sync.begin() as uow:
        uow.credentials.erase(account.id, account.user_id)
    assert give(office, account.id).kind is JobKind.REPLACE_KEY
    for hidden in office.unknown_to_ana():
        with pytest.raises(NotFoundError):
            give(office, hidden)


def test_a_new_key_is_checked_as_the_first_one_was(office: Office) -> None:
    account = office.account("Reserve", exchange=WITH_PASSPHRASE)
    assert refusal(lambda: give(office, account.id)) == ("passphrase", "required")
    with office.sync.begin(write=False) as uow:
        assert uow.credentials.load_candidate(account.id, account.user_id) is None
        assert uow.jobs.latest([account.id], None) == []


@pytest.mark.parametrize(("role", "error"), [(Role.ANALYST, ForbiddenError), (Role.CLIENT, StepUpRequiredError)])
def test_a_key_is_replaced_by_those_who_may_write_after_a_recent_login(
    office: Office, role: Role, error: type[PlatformError]
) -> None:
    account = office.account("Reserve")
    scope = office.analyst if role is Role.ANALYST else office.stale(office.mine)
    with pytest.raises(error):
        give(office, account.id, scope=scope)


# once more with the stored key


def test_a_verification_is_asked_for_again_once(office: Office) -> None:
    job = office.submit()
    assert retry_verification(office.web, office.mine, job.account_id, now=NOW) == job
    with office.sync.begin() as uow:
        uow.jobs.finish(job.id, JobStatus.FAILED, NOW, error_code="internal")
    again = retry_verification(office.web, office.mine, job.account_id, now=NOW)
    assert again.id != job.id
    assert again.kind is JobKind.VERIFY


def test_a_refused_key_was_erased_and_cannot_be_verified_again(office: Office) -> None:
    account = office.account("Reserve", status=AccountStatus.REFUSED)
    with pytest.raises(ConflictError) as caught:
        retry_verification(office.web, office.mine, account.id, now=NOW)
    assert caught.value.code == "key_erased"


def test_a_verification_is_asked_for_by_those_who_may(office: Office) -> None:
    account = office.account("Reserve")
    with pytest.raises(ForbiddenError):
        retry_verification(office.web, office.analyst, account.id, now=NOW)
    for hidden in office.unknown_to_ana():
        with pytest.raises(NotFoundError):
            retry_verification(office.web, office.mine, hidden, now=NOW)


def test_a_name_is_suggested_that_is_not_taken() -> None:
    assert suggest_name("Binance", []) == "Binance"
    assert suggest_name("Binance", ["binance", "Reserve"]) == "Binance 2"
    assert suggest_name("Binance", ["Binance", "BINANCE 2", "Binance 4"]) == "Binance 3"
