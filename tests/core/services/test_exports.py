"""Exports: the file holds what the page shows, row for row, and leaves a trace."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from core.domain.types import AccountStatus, ExchangeAccount
from core.errors import NotFoundError, StepUpRequiredError
from core.services import accounts
from core.services.exports import Cell, Export, open_export, record_export
from core.services.overview import ALL, MAIN
from tests.core.persistence.makers import (
    DAY,
    HOUR,
    Change,
    make_balance,
    make_point,
    make_position,
    make_wallet,
)
from tests.core.services.office import EXCHANGE, NOW, Office, look

DATASETS = ("balances", "positions", "equity")


def export(office: Office, dataset: str, view: str | UUID = ALL, **changes: Change) -> Export:
    asked = {"dataset": dataset, "client_id": office.ana.id, "since": NOW - 90 * DAY, "now": NOW, **changes}
    return open_export(office.web, asked.pop("scope", office.mine), view=str(view), **asked)


def rows(office: Office, dataset: str, view: str | UUID = ALL, **changes: Change) -> list[Sequence[Cell]]:
    return [tuple(row) for row in export(office, dataset, view, **changes).rows]


@pytest.fixture
def held(office: Office) -> list[ExchangeAccount]:
    """Give a client with everything: two accounts, a failed wallet, a testnet account, a refused and a removed one."""
    main, other = office.account("Main", is_main=True), office.account("Other", exchange="bitget")
    toy, refused = office.account("Toy", testnet=True), office.account("Refused", status=AccountStatus.REFUSED)
    gone, foreign = office.account("Gone"), office.account("Foreign", office.bruno)
    for number, account in enumerate((main, other, toy, refused, gone, foreign)):
        spot = make_wallet(account, as_of=NOW)
        wallets = (spot, replace(spot, wallet="futures", ok=number % 2 == 0))
        office.read(
            account,
            NOW - number * HOUR,
            100.0 + number,
            wallets=wallets,
            fresh_wallets=("spot", "futures"),
            balances=(
                make_balance(account, "BTC", value=10.0 * number),
                make_balance(account, "NEW", price=None, value=None),
                make_balance(account, "NONE", total=Decimal(0)),
                make_balance(account, "USDT", wallet="futures", debt=Decimal(7), value=3.0),
            ),
            positions=(make_position(account), make_position(account, "ETH/USDT:USDT", notional_usd=5.0 + number)),
        )
    accounts.remove(office.web, office.mine, gone.id, successor=None, now=NOW)
    return [main, other, toy, refused, gone, foreign]


# the page and the file


@pytest.mark.parametrize("view", [MAIN, ALL, 1, 2])
def test_balances_in_the_file_are_those_of_the_page(
    office: Office, held: list[ExchangeAccount], view: str | int
) -> None:
    chosen = held[view].id if isinstance(view, int) else view
    shown = look(office, chosen).balances
    assert shown
    assert rows(office, "balances", chosen) == [
        (
            row.account, row.exchange, row.wallet, row.asset, row.free, row.locked, row.total, row.debt, row.price,
            row.value, row.as_of, row.carried,
        )
        for row in shown
    ]  # fmt: skip


@pytest.mark.parametrize("view", [MAIN, ALL, 1, 2])
def test_positions_in_the_file_are_those_of_the_page(
    office: Office, held: list[ExchangeAccount], view: str | int
) -> None:
    chosen = held[view].id if isinstance(view, int) else view
    shown = look(office, chosen).positions
    assert shown
    assert rows(office, "positions", chosen) == [
        (
            row.account, row.exchange, it.symbol, it.side, it.size_base, it.entry_price, it.mark_price,
            it.unrealized_pnl, it.settle_asset, it.unrealized_usd, it.notional_usd, it.leverage,
            it.margin_mode, it.liquidation_price, row.distance, it.as_of, row.carried,
        )
        for row in shown
        for it in [row.position]
    ]  # fmt: skip


def test_every_dataset_has_as_many_cells_as_columns_and_is_named_after_its_instant(
    office: Office, held: list[ExchangeAccount]
) -> None:
    for dataset in DATASETS:
        file = export(office, dataset)
        names = [column.name for column in file.columns]
        assert len(set(names)) == len(names)
        assert {len(row) for row in file.rows} == {len(names)}
        assert (file.filename, file.as_of, file.client_id) == (f"{dataset}-20261122T120000Z.csv", NOW, office.ana.id)


def test_amounts_are_exact_and_missing_prices_stay_empty(office: Office, held: list[ExchangeAccount]) -> None:
    found = {row[3]: row for row in rows(office, "balances", MAIN)}
    assert found["BTC"][6] == Decimal("0.1234567890123456789")
    assert (found["NEW"][8], found["NEW"][9]) == (None, None)


# equity


def test_equity_in_the_file_are_the_stored_points(office: Office) -> None:
    main, other = office.account("Main", is_main=True), office.account("Other")
    points = [make_point(main.id, office.ana.id, NOW - n * HOUR, 100.0 + n, complete=n % 2 == 0) for n in range(1500)]
    points += [make_point(other.id, office.ana.id, NOW - n * HOUR, 0.1 * n, unrealized_pnl=-1.5) for n in range(3)]
    with office.sync.begin() as uow:
        uow.readings.add_history(points, [])
    since = NOW - 1499 * HOUR
    names = {main.id: "Main", other.id: "Other"}
    expected = {(p.at, names[p.account_id], EXCHANGE, p.equity, p.unrealized_pnl, p.complete) for p in points}
    found = rows(office, "equity", since=since)
    assert len(found) == len(expected)
    assert set(found) == expected
    for name in names.values():
        times = [row[0] for row in found if row[1] == name]
        assert times == sorted(times)  # type: ignore[type-var]
    assert {row[1] for row in rows(office, "equity", MAIN)} == {"Main"}
    assert len(rows(office, "equity", other.id, since=NOW - HOUR)) == 2


def test_a_removed_accounts_history_is_in_the_equity_file_and_its_old_holdings_in_no_file(
    office: Office, held: list[ExchangeAccount]
) -> None:
    gone = held[4]
    assert "Gone" in {row[1] for row in rows(office, "equity")}
    assert rows(office, "equity", gone.id)
    for dataset in ("balances", "positions"):
        assert "Gone" not in {row[0] for row in rows(office, dataset)}
        assert rows(office, dataset, gone.id) == []


@pytest.mark.parametrize("dataset", DATASETS)
def test_a_client_without_accounts_gets_a_file_without_rows(office: Office, dataset: str) -> None:
    assert rows(office, dataset, MAIN) == rows(office, dataset, ALL) == []


# who may, and what remains


@pytest.mark.parametrize("dataset", DATASETS)
def test_what_is_foreign_or_unknown_is_not_found(office: Office, held: list[ExchangeAccount], dataset: str) -> None:
    with pytest.raises(NotFoundError, match="^client$"):
        export(office, dataset, client_id=office.bruno.id)
    for view in (held[5].id, uuid4(), "nonsense"):
        with pytest.raises(NotFoundError, match="^account$"):
            export(office, dataset, view)
    with pytest.raises(NotFoundError, match="^dataset$"):
        export(office, f"{dataset};drop")


@pytest.mark.parametrize("dataset", DATASETS)
def test_an_export_needs_a_recent_login(office: Office, dataset: str) -> None:
    with pytest.raises(StepUpRequiredError):
        export(office, dataset, scope=office.stale(office.mine))


def test_staff_take_out_the_data_of_their_clients(office: Office, held: list[ExchangeAccount]) -> None:
    mine = rows(office, "balances")
    assert mine == rows(office, "balances", scope=office.admin) == rows(office, "balances", scope=office.analyst)
    with pytest.raises(NotFoundError):
        export(office, "balances", client_id=office.bruno.id, scope=office.analyst)


def test_who_took_which_file_out_is_audited(office: Office) -> None:
    file = export(office, "equity", scope=office.analyst)
    record_export(
        office.web, office.analyst, file, sha256="ab" * 32, row_count=3, dialect="iso", now=NOW + timedelta(seconds=1)
    )
    ((action, actor, client, details),) = office.audit()
    assert (action, actor, client) == ("export.taken", office.eva.id, office.ana.id)
    assert details == {"dataset": "equity", "dialect": "iso", "rows": "3", "sha256": "ab" * 32, "schema": "1"}
