"""What holds for every connector there is, whatever its exchange."""

import copy
import importlib
import pickle
from collections.abc import Callable, Iterator
from dataclasses import fields
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

import connectors
from connectors import _base, _pace
from connectors._base import RestConnector
from connectors._reading import Answer, Reading
from connectors.errors import ConnectorError, CredentialError, NetworkError, NotSupportedError
from connectors.types import Balance, Capability, LedgerEntry, Position
from tests.connectors.cases import API_KEY, NOW, PASSPHRASE, Case, make, samples, secret_for

EXCHANGES = connectors.available()
SECRETS = (API_KEY, PASSPHRASE)
SINCE = datetime(2026, 11, 1, tzinfo=UTC)
READS: dict[Capability, Callable[[connectors.Connector], object]] = {
    Capability.PERMISSIONS: lambda connector: connector.get_permissions(),
    Capability.ACCOUNT_INFO: lambda connector: connector.get_account_info(),
    Capability.SPOT_BALANCES: lambda connector: connector.get_spot_balances(),
    Capability.FUTURES_POSITIONS: lambda connector: connector.get_futures_positions(),
    Capability.LEDGER: lambda connector: connector.get_ledger(SINCE, NOW),
    Capability.CLOSED_POSITIONS: lambda connector: connector.get_closed_positions(SINCE, NOW),
    Capability.PRICES: lambda connector: connector.get_prices(),
    Capability.SERVER_TIME: lambda connector: connector.get_server_time(),
}
exchanges = pytest.mark.parametrize("exchange", EXCHANGES)
every_sample = pytest.mark.parametrize("case", samples(), ids=str)


def mutants(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], bool]]:  # noqa: ANN401
    """Name every place of a payload, of a list its first three items; True where it is a key to take away."""
    items = value.items() if isinstance(value, dict) else enumerate(value[:3]) if isinstance(value, list) else ()
    for key, item in items:
        yield (*path, key), isinstance(value, dict)
        yield from mutants(item, (*path, key))


def changed(body: Any, path: tuple[Any, ...], new: object) -> Any:  # noqa: ANN401
    """Return the payload with one place replaced, or without it where `new` is mutants itself."""
    result = copy.deepcopy(body)
    place = result
    for key in path[:-1]:
        place = place[key]
    if new is mutants:
        del place[path[-1]]
    else:
        place[path[-1]] = new
    return result


def read(connector: connectors.Connector, case: Case, body: Any) -> dict[str, Any] | ConnectorError:  # noqa: ANN401
    """Return the reading or the typed error; anything else escapes and fails the test."""
    sample = case.data
    params: dict[str, Any] = next(
        (sample[name] for name in ("params", "query", "form", "request_body") if sample.get(name)), {}
    )
    try:
        return connector.read_answer(
            sample["method"],
            sample["path"],
            status=sample["status"] or 200,
            headers=sample["headers"] or {},
            body=body,
            params=params,
            context=sample.get("context") or {},
        )
    except ConnectorError as e:
        return e


@every_sample
def test_an_answer_with_any_one_key_missing_is_a_reading_or_a_typed_error(case: Case) -> None:
    connector, body = make(case.exchange), case.data["body"]
    places = [path for path, removable in mutants(body) if removable]
    for path in places:
        outcome = read(connector, case, changed(body, path, mutants))
        assert isinstance(outcome, dict | ConnectorError)
        assert_plain_error(outcome)


@every_sample
@pytest.mark.parametrize("odd", [None, True, "NaN", "1e999", -1, [], {}, "\ud800", 10**50], ids=repr)
def test_an_answer_with_any_one_odd_value_is_a_reading_or_a_typed_error(case: Case, odd: object) -> None:
    connector, body = make(case.exchange), case.data["body"]
    for path, _removable in list(mutants(body))[:80]:
        outcome = read(connector, case, changed(body, path, odd))
        assert isinstance(outcome, dict | ConnectorError)
        assert_plain_error(outcome)


@every_sample
def test_an_answer_that_is_no_json_is_a_typed_error(case: Case) -> None:
    connector = make(case.exchange)
    for body in (
        b"",
        b"\xef\xbb\xbf{}",
        b"\xff\xfe{",
        b'{"a": 1',
        b"<html></html>",
        b"[NaN]",
        b'{"a":1,"a":2}',
        b"[" * 9999,
    ):
        assert isinstance(read(connector, case, body), ConnectorError)


def assert_plain_error(outcome: object) -> None:
    """An error says code and path; no query, key or amount of the payload."""
    if isinstance(outcome, ConnectorError):
        assert "?" not in str(outcome)
        assert outcome.__cause__ is None


@every_sample
def test_readings_hold_exact_numbers_and_aware_times(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[Reading] = []
    parse = RestConnector.parse

    def keep(connector: RestConnector, answer: Answer) -> Reading:
        found.append(parse(connector, answer))
        return found[-1]

    monkeypatch.setattr(RestConnector, "parse", keep)
    read(make(case.exchange), case, case.data.get("body_text", case.data["body"]))
    for reading in found:
        rows: list[Balance | Position | LedgerEntry]
        rows = [*(reading.balances or ()), *(reading.positions or ()), *(reading.ledger or ())]
        for row in rows:
            values = [getattr(row, item.name) for item in fields(row)]
            assert not any(isinstance(value, float) for value in values)
            assert all(value.is_finite() for value in values if isinstance(value, Decimal))
            assert all(value.tzinfo is not None for value in values if isinstance(value, datetime))


@exchanges
def test_no_text_form_of_a_connector_shows_a_secret(exchange: str) -> None:
    connector = make(exchange)
    assert isinstance(connector, RestConnector)
    shown = f"{connector} {connector!r} {connector.credentials} {connector.credentials!r} {vars(connector)}"
    assert not any(secret in shown for secret in (*SECRETS, secret_for(exchange)))
    with pytest.raises(TypeError):
        pickle.dumps(connector.credentials.api_secret)


@exchanges
def test_a_failed_call_names_path_and_reason_and_no_secret(exchange: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_base, "RETRY_SECONDS", 0.0)
    monkeypatch.setattr(_pace, "LONGEST_WINDOW_SECONDS", 0)
    dead = dict.fromkeys(connectors.describe(exchange).hosts, "http://127.0.0.1:1")
    connector = make(exchange, hosts=dead)
    for capability, ask in READS.items():
        expected = NetworkError if capability in connector.info.capabilities else NotSupportedError
        with pytest.raises(expected) as caught:
            ask(connector)
        error: BaseException | None = caught.value
        while error is not None:
            text = f"{error} {error!r} {error.args}"
            assert not any(secret in text for secret in (*SECRETS, secret_for(exchange)))
            assert "?" not in str(error)
            error = error.__cause__ or error.__context__


@exchanges
def test_the_facts_of_an_exchange_fit_together(exchange: str) -> None:
    info, kind = connectors.describe(exchange), type(make(exchange))
    assert issubclass(kind, RestConnector)
    names = [item.name for item in info.credential_fields]
    assert info.id == exchange
    assert {"api_key", "api_secret"} <= set(names)
    assert len(names) == len(set(names))
    assert set(info.testnet_hosts) <= set(info.hosts)
    assert all(url.startswith("https://") for url in (*info.hosts.values(), *info.testnet_hosts.values()))
    assert info.has_testnet == bool(info.testnet_hosts)
    limits = {limit.name for limit in info.rate_limits}
    for endpoint in kind.endpoints:
        assert endpoint.host in info.hosts
        assert endpoint.limit in limits
        assert endpoint.weight >= 1
        assert (endpoint.method, endpoint.path) in kind.readers
    assert kind.time_endpoint in kind.endpoints


@exchanges
def test_each_field_that_is_empty_or_broken_is_named_and_its_value_is_not(exchange: str) -> None:
    for field in connectors.describe(exchange).credential_fields:
        if not field.required or field.kind == "choice":
            continue
        for bad in ("", "   ", "sécret-canary", "canary\ninside") + (
            ("canary inside",) if field.name != "passphrase" else ()
        ):
            with pytest.raises(CredentialError) as caught:
                make(exchange, **{field.name: bad})
            assert caught.value.field == field.name
            assert "canary" not in str(caught.value)


@exchanges
def test_a_public_connector_refuses_to_sign(exchange: str) -> None:
    info = connectors.describe(exchange)
    public = connectors.create_public(exchange, hosts=dict.fromkeys(info.hosts, "http://127.0.0.1:1"))
    with pytest.raises(CredentialError):
        public.prepare("GET", "http://127.0.0.1:1/x")


@exchanges
def test_the_module_says_how_it_signs_and_what_it_reads(exchange: str) -> None:
    text = importlib.import_module(f"connectors.{exchange}").__doc__ or ""
    assert all(word in text for word in ("Reference:", "Signing:", "Times:", "Paging:", "Key scope:"))
