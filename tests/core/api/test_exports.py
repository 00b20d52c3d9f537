"""The export route over real HTTP, on stored rows."""

import hashlib
import http.client
import json
import time
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from core.domain.types import (
    AccountStatus,
    EquityPoint,
    ExchangeAccount,
    HeldBalance,
    LedgerRow,
    Role,
    SealedCredential,
    User,
    WalletState,
)
from core.ports import StoredReading
from tests.core.api.parts import HTML, Site


def add_account(site: Site, client: User, name: str = "Principal") -> UUID:
    now, account_id = site.clock(), uuid4()
    account = ExchangeAccount(
        id=account_id,
        user_id=client.id,
        exchange="binance",
        name=name,
        testnet=False,
        is_active=True,
        is_main=True,
        status=AccountStatus.ACTIVE,
        hint="abcd",
        generation=1,
        created_at=now,
        updated_at=now,
    )
    sealed = site.web.sealer.seal(
        client_id=client.id,
        account_id=account_id,
        exchange="binance",
        generation=1,
        fields={"api_key": "k" * 64, "api_secret": "s" * 64},
    )
    assert isinstance(sealed, SealedCredential)
    balance = HeldBalance(
        account_id=account_id,
        client_id=client.id,
        wallet="spot",
        kind="spot",
        asset="=BTC",
        free=Decimal("1.10000000"),
        locked=Decimal(0),
        total=Decimal("1.10000000"),
        debt=Decimal(0),
        price=Decimal("97000.5"),
        value=106700.55,
        as_of=now,
    )
    wallet = WalletState(
        account_id=account_id,
        client_id=client.id,
        wallet="spot",
        kind="spot",
        ok=True,
        attempted_at=now,
        as_of=now,
        equity=106700.55,
        unrealized_pnl=0.0,
        first_ok_at=now,
        first_equity=106700.55,
    )
    reading = StoredReading(
        account_id=account_id,
        client_id=client.id,
        slot=1,
        at=now,
        wallets=[wallet],
        fresh_wallets=["spot"],
        balances=[balance],
        positions=[],
        equity=106700.55,
        unrealized_pnl=0.0,
        complete=True,
    )
    with site.web.storage.begin() as uow:
        uow.accounts.add(account, sealed, f"index-{account_id}")
        uow.syncing.ensure(account_id, client.id, now, 30)
        uow.readings.store(reading)
    return account_id


def audited_exports(site: Site) -> list[dict[str, str]]:
    with site.web.storage.begin(write=False) as uow:
        rows = uow.connection.execute(  # type: ignore[attr-defined]
            text("SELECT details FROM audit_log WHERE action = 'export.taken' ORDER BY seq")
        ).scalars()
        return [json.loads(row) if isinstance(row, str) else row for row in rows]


def test_a_client_takes_the_own_balances_and_the_file_is_audited(site: Site) -> None:
    add_account(site, site.add_person("ana"))
    answer = site.get("/exports/balances.csv", token=site.sign_in("ana"))
    assert answer.status == 200
    assert answer.text == (
        "account,exchange,wallet,asset,free,locked,total,debt,price_usd,value_usd,as_of,carried\r\n"
        "Principal,binance,spot,'=BTC,1.10000000,0,1.10000000,0,97000.5,106700.55,2026-01-15T12:00:00Z,false\r\n"
    )
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="balances-20260115T120000Z.csv"'
    assert answer.headers["cache-control"] == "no-store"
    [entry] = audited_exports(site)
    assert entry["sha256"] == hashlib.sha256(answer.body).hexdigest()
    assert (entry["rows"], entry["dialect"]) == ("1", "iso")


def test_the_pt_br_file_is_in_the_persons_time_zone(site: Site) -> None:
    add_account(site, site.add_person("ana"))
    answer = site.get("/exports/balances.csv?dialect=pt-BR", token=site.sign_in("ana"))
    assert answer.body.startswith(b"\xef\xbb\xbfConta;Corretora;")
    assert "Lido em (America/Sao_Paulo)" in answer.text
    assert "'=BTC;1,10000000;0;1,10000000;0;97000,5;106700,55;15/01/2026 09:00:00;não\r\n" in answer.text


@pytest.mark.parametrize("dataset", ["positions", "equity"])
def test_every_dataset_comes_with_its_header(site: Site, dataset: str) -> None:
    add_account(site, site.add_person("ana"))
    answer = site.get(f"/exports/{dataset}.csv?view=main&days=7", token=site.sign_in("ana"))
    assert (answer.status, "account,exchange," in answer.text) == (200, True)


@pytest.mark.parametrize(
    ("dataset", "begin"),
    [
        ("pnl", "item,value,unit,"),
        ("daily", "day,time_zone,"),
        ("attribution", "by,part,"),
        ("pnl_rows", "bar,kind,at,"),
    ],
)
def test_files_of_results_take_a_period_and_leave_a_trace(site: Site, dataset: str, begin: str) -> None:
    add_account(site, site.add_person("ana"))
    token = site.sign_in("ana")
    for query in ("", "?period=ytd&view=all", "?period=custom&from=2026-01-01&to=2026-01-10&dialect=pt-BR"):
        answer = site.get(f"/exports/{dataset}.csv{query}", token=token)
        assert (answer.status, answer.text.startswith(begin)) == (200, "pt-BR" not in query)
    assert len(audited_exports(site)) == 3


def test_foreign_and_unknown_ids_get_the_same_answer(site: Site) -> None:
    bia = site.add_person("bia")
    foreign = add_account(site, bia)
    site.add_person("ana")
    token = site.sign_in("ana")
    paths = [f"?client={bia.id}", f"?client={uuid4()}", f"?account={foreign}", f"?view={uuid4()}", "?client=x"]
    files = ("balances", "pnl", "pnl_rows")
    answers = [site.get(f"/exports/{name}.csv{query}", token=token) for query in paths for name in files]
    assert {answer.status for answer in answers} == {404}
    pages = {answer.text.partition("<footer>")[0] for answer in answers}
    assert len(pages) == 1
    assert audited_exports(site) == []


@pytest.mark.parametrize(
    "path",
    [
        "/exports/keys.csv",
        "/exports/balances.csv?dialect=xlsx",
        "/exports/balances.csv?days=x",
        "/exports/equity.csv?days=0",
        "/exports/pnl.csv?period=decade",
        "/exports/daily.csv?period=custom",
        "/exports/daily.csv?period=custom&from=2026-01-02&to=2026-01-01",
    ],
)
def test_an_unknown_dataset_dialect_or_period_is_not_found(site: Site, path: str) -> None:
    site.add_person("ana")
    assert site.get(path, token=site.sign_in("ana")).status == 404


def test_an_administrator_names_the_client(site: Site) -> None:
    ana = site.add_person("ana")
    add_account(site, ana)
    site.add_person("root", Role.ADMIN)
    token = site.sign_in("root")
    assert site.get("/exports/balances.csv", token=token).status == 404
    assert "Principal,binance" in site.get(f"/exports/balances.csv?client={ana.id}", token=token).text


def test_an_analyst_without_clients_takes_nothing(site: Site) -> None:
    ana = site.add_person("ana")
    add_account(site, ana)
    site.add_person("eva", Role.ANALYST)
    assert site.get(f"/exports/balances.csv?client={ana.id}", token=site.sign_in("eva")).status == 404


def test_an_anonymous_visitor_is_led_to_the_sign_in_page_and_back(site: Site) -> None:
    answer = site.get("/exports/balances.csv?dialect=iso")
    assert (answer.status, answer.location) == (303, "/login?next=%2Fexports%2Fbalances.csv%3Fdialect%3Diso")
    assert site.ask("GET", "/exports/balances.csv", headers={"accept": "*/*"}).status == 401


def test_a_download_that_breaks_off_is_audited_too(site: Site) -> None:
    ana = site.add_person("ana")
    account_id = add_account(site, ana)
    add_history(site, ana, account_id, points=60_000)
    token = site.sign_in("ana")
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=10)
    cookie = {"cookie": f"__Host-session={token}"}
    connection.request("GET", "/exports/equity.csv?days=60", headers={**HTML, **cookie})
    connection.getresponse().read(1000)
    connection.sock.close()
    connection.close()
    whole = site.get("/exports/equity.csv?days=60", token=token)
    assert whole.body.count(b"\r\n") > 50_000
    deadline = time.monotonic() + 10
    while len(entries := audited_exports(site)) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(entries) == 2
    assert {entry["sha256"] for entry in entries} >= {hashlib.sha256(whole.body).hexdigest()}


def add_history(site: Site, client: User, account_id: UUID, *, points: int) -> None:
    start = site.clock() - timedelta(minutes=points)
    history = (
        EquityPoint(account_id, client.id, start + timedelta(minutes=n), 100.0 + n, 0.5, True, 100.0, 101.0, 99.0)
        for n in range(points)
    )
    with site.web.storage.begin() as uow:
        uow.readings.add_history(history, ())


def add_entries(site: Site, account_id: UUID, client: User) -> None:
    """Book a withdrawal and a trade whose texts begin like formulas."""
    fields: dict[str, Any] = {"account_id": account_id, "client_id": client.id, "wallet": "spot", "asset": "USDT"}
    sent = LedgerRow(
        **fields, dedupe_key="w1", native_id="-1", kind="withdrawal", amount=Decimal("-300.50"),
        booked_at=site.clock() - timedelta(days=1), price=Decimal("0.9998"), txid="@SUM(A1)", venue_type="WITHDRAW",
    )  # fmt: skip
    bought = LedgerRow(
        **fields, dedupe_key="t1", native_id="7", kind="trade", amount=Decimal("0.000000000000000001"),
        booked_at=site.clock() - timedelta(days=2), symbol="=1+1", ref="+55",
    )  # fmt: skip
    with site.web.storage.begin() as uow:
        uow.ledger.add([sent, bought])


def test_the_ledger_goes_out_with_its_filters_and_no_text_becomes_a_formula(site: Site) -> None:
    ana = site.add_person("ana")
    add_entries(site, add_account(site, ana), ana)
    token = site.sign_in("ana")
    answer = site.get("/exports/ledger.csv?view=all", token=token)
    assert answer.text == (
        "at,account,exchange,wallet,kind,venue_type,asset,amount,price_usd,value_usd,symbol,txid,ref,native_id,entry\r\n"
        "2026-01-14T12:00:00Z,Principal,binance,spot,withdrawal,WITHDRAW,USDT,-300.50,0.9998,-300.439900,,'@SUM(A1),,'-1,"
        "w1\r\n"
        "2026-01-13T12:00:00Z,Principal,binance,spot,trade,,USDT,0.000000000000000001,,,'=1+1,,'+55,7,t1\r\n"
    )
    assert (audited_exports(site)[0]["dataset"], audited_exports(site)[0]["rows"]) == ("ledger", "2")
    local = site.get("/exports/ledger.csv?view=all&kind=withdrawal&dialect=pt-BR", token=token)
    assert "Horário (America/Sao_Paulo)" in local.text
    assert (
        "14/01/2026 09:00:00;Principal;binance;spot;withdrawal;WITHDRAW;USDT;-300,50;0,9998;-300,439900;" in local.text
    )
    assert "'=1+1" not in local.text
    assert site.get("/exports/ledger.csv?q=%2B55", token=token).text.count("\r\n") == 2
    assert site.get("/exports/ledger.csv?period=today", token=token).text.count("\r\n") == 1


@pytest.mark.parametrize("query", ["kind=gift", "period=never", "period=custom", "dialect=x", "view=nobody"])
def test_a_ledger_of_nonsense_is_not_found(site: Site, query: str) -> None:
    add_account(site, site.add_person("ana"))
    assert site.get(f"/exports/ledger.csv?{query}", token=site.sign_in("ana"), headers=HTML).status == 404


def test_a_foreign_ledger_is_not_found(site: Site) -> None:
    ana, bia = site.add_person("ana"), site.add_person("bia")
    foreign = add_account(site, bia, "Segredo")
    add_entries(site, foreign, bia)
    add_account(site, ana)
    token = site.sign_in("ana")
    for query in (f"client={bia.id}", f"client={uuid4()}", f"view={foreign}", f"view={uuid4()}"):
        answer = site.get(f"/exports/ledger.csv?{query}", token=token)
        assert (answer.status, "Segredo" in answer.text) == (404, False)
