"""Keys of exchange accounts: add an account, replace its key, verify again.

A key is sealed in the call that receives it; nothing here can open one. Verification is the sidecar's work, asked for
by a job whose check list the screen follows.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID, uuid4

from connectors.errors import CredentialError, UnsupportedExchangeError
from core.domain.types import (
    AccountStatus,
    ExchangeAccount,
    Job,
    JobKind,
    JobStatus,
    JobStep,
    Role,
    Scope,
    StepState,
)
from core.errors import ConflictError, InvalidInputError, NotFoundError
from core.ports import Exchanges, Sealer, Storage, UnitOfWork
from core.services.access import clients_of, require_recent_login, require_write
from core.services.account_rows import audit_account, found_account, refuse_name_in_use
from core.services.names import clean_name

CHECK_LIST = ("clock", "signature", "permissions", "no_withdraw", "ip", "expiry", "identity", "balances")
HINT_LENGTH = 4
HINTED_LENGTH = 12  # of a shorter key the hint would tell too much


@dataclass(frozen=True, slots=True)
class NewKey:
    """Credentials as typed into the form; they live in this object only until they are sealed. `repr` shows none."""

    fields: Mapping[str, str] = field(repr=False)
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NewAccount:
    """What the add-account form asks for."""

    client_id: UUID
    exchange: str
    name: str
    key: NewKey
    testnet: bool = False
    make_main: bool = False


def suggest_name(exchange_name: str, taken: Collection[str]) -> str:
    """Return the first free name of the form "Binance", "Binance 2", "Binance 3"."""
    used = {name.casefold() for name in taken}
    if exchange_name.casefold() not in used:
        return exchange_name
    number = 2
    while f"{exchange_name} {number}".casefold() in used:
        number += 1
    return f"{exchange_name} {number}"


def add_account(
    storage: Storage, exchanges: Exchanges, sealer: Sealer, scope: Scope, new: NewAccount, *, now: datetime
) -> Job:
    """Seal the key, store the account as pending and ask the sidecar to verify it; return that job.

    Raises:
        StepUpRequiredError: the login is older than ten minutes.
        InvalidInputError: a field is wrong (names it); nothing was stored.
        ConflictError: `duplicate_key`, this very key is in use already.
    """
    require_write(scope)
    clients = clients_of(scope, new.client_id)
    require_recent_login(scope, now)
    name = clean_name(new.name)
    fields, options = _checked_key(exchanges, new.exchange, new.key, testnet=new.testnet)
    account_id = uuid4()
    sealed = sealer.seal(
        client_id=new.client_id, account_id=account_id, exchange=new.exchange, generation=1, fields=fields
    )
    index = sealer.duplicate_index(new.exchange, fields["api_key"])
    account = ExchangeAccount(
        id=account_id,
        user_id=new.client_id,
        exchange=new.exchange,
        name=name,
        testnet=new.testnet,
        is_active=True,
        is_main=False,
        status=AccountStatus.PENDING,
        hint=_hint(fields["api_key"]),
        generation=1,
        created_at=now,
        updated_at=now,
        options=options,
        wants_main=new.make_main,
    )
    with storage.begin(scope) as uow:
        _require_client(uow, new.client_id)
        refuse_name_in_use(uow, clients, name, except_id=None)
        _refuse_key_in_use(uow, index, except_id=None)
        uow.accounts.add(account, sealed, index)
        audit_account(uow, scope, "account.added", account, now)
        return uow.jobs.add(_job(account, JobKind.VERIFY, now))


def replace_key(
    storage: Storage,
    exchanges: Exchanges,
    sealer: Sealer,
    scope: Scope,
    account_id: UUID,
    key: NewKey,
    *,
    now: datetime,
) -> Job:
    """Seal a new key beside the current one and ask the sidecar to verify it; the old one stays until that succeeds.

    A refused account, whose key was erased, is verified anew. Options that are not given stay as they are. Raises as
    `add_account`, and NotFoundError.
    """
    require_write(scope)
    require_recent_login(scope, now)
    clients = clients_of(scope)
    with storage.begin(scope) as uow:
        account = found_account(uow, account_id, clients, for_update=True)
        key = replace(key, options={**account.options, **key.options})
        fields, options = _checked_key(exchanges, account.exchange, key, testnet=account.testnet)
        sealed = sealer.seal(
            client_id=account.user_id,
            account_id=account.id,
            exchange=account.exchange,
            generation=account.generation + 1,
            fields=fields,
        )
        index = sealer.duplicate_index(account.exchange, fields["api_key"])
        _refuse_key_in_use(uow, index, except_id=account.id)
        hint = _hint(fields["api_key"])
        uow.credentials.save_candidate(sealed, hint=hint, duplicate_index=index, options=options, at=now)
        audit_account(uow, scope, "account.key_replacement_asked", account, now)
        return uow.jobs.add(_job(account, JobKind.REPLACE_KEY, now))


def retry_verification(storage: Storage, scope: Scope, account_id: UUID, *, now: datetime) -> Job:
    """Ask for the verification again with the stored key (after an exchange outage or a freed address)."""
    require_write(scope)
    with storage.begin(scope) as uow:
        account = found_account(uow, account_id, clients_of(scope), for_update=True)
        if account.status is AccountStatus.REFUSED:
            raise ConflictError(code="key_erased")
        return uow.jobs.add(_job(account, JobKind.VERIFY, now))


def _checked_key(
    exchanges: Exchanges, exchange: str, key: NewKey, *, testnet: bool
) -> tuple[dict[str, str], dict[str, str]]:
    if exchange not in exchanges.available():
        raise InvalidInputError("exchange", "unsupported_exchange")
    info = exchanges.describe(exchange)
    if testnet and not info.has_testnet:
        raise InvalidInputError("testnet", "no_testnet")
    credentials = {f.name: key.fields.get(f.name, "") for f in info.credential_fields if f.kind != "choice"}
    fields = {name: value if name == "passphrase" else value.strip() for name, value in credentials.items()}
    for required in info.credential_fields:
        if required.required and required.kind != "choice" and not fields[required.name].strip():
            raise InvalidInputError(required.name, "required")
    options = {f.name: key.options.get(f.name, f.default or "") for f in info.credential_fields if f.kind == "choice"}
    try:
        exchanges.check_fields(exchange, fields, testnet=testnet, options=options)
    except CredentialError as e:
        raise InvalidInputError(e.field, "bad_format") from e
    except UnsupportedExchangeError as e:
        raise InvalidInputError("exchange", "unsupported_exchange") from e
    return {name: value for name, value in fields.items() if value}, options


def _hint(api_key: str) -> str:
    return api_key[-HINT_LENGTH:] if len(api_key) >= HINTED_LENGTH else ""


def _require_client(uow: UnitOfWork, client_id: UUID) -> None:
    client = uow.users.get(client_id)
    if client is None or client.role is not Role.CLIENT or not client.is_active:
        raise NotFoundError("client")


def _refuse_key_in_use(uow: UnitOfWork, index: str, *, except_id: UUID | None) -> None:
    if uow.accounts.key_holder(index) not in (None, except_id):
        raise ConflictError(code="duplicate_key")


def _job(account: ExchangeAccount, kind: JobKind, now: datetime) -> Job:
    return Job(
        id=uuid4(),
        account_id=account.id,
        client_id=account.user_id,
        kind=kind,
        status=JobStatus.QUEUED,
        created_at=now,
        steps=tuple(JobStep(code, StepState.WAITING) for code in CHECK_LIST),
    )
