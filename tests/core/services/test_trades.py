"""Statistics of closed positions: what a client, a view, a period and a currency make of what is stored."""

import csv
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from core.api.csv_text import Dialect, make_dialect, write_csv
from core.domain.closed import ClosedRow
from core.domain.currencies import StoredRate
from core.domain.pnl import trade_stats
from core.domain.types import ExchangeAccount, Scope, User
from core.errors import NotFoundError
from core.persistence import SqlStorage
from core.services.rates import note_currency
from core.services.results import load_results
from core.services.results_export import open_results_export
from core.services.results_types import ACCOUNT, SYMBOL, Question
from core.services.trades_types import Trades
from tests.core.persistence.makers import DAY, HOUR, NOW, make_closed, make_user
from tests.core.persistence.statements import refuse_unscoped_statements
from tests.core.services.conftest import BACKEND_PARAMS
from tests.core.services.results_past import Trader, close
from tests.databases import fresh_storage

NETS = ("120.50", "-40.25", "0.004", "-0.004", "33.3333333333", "-7")
CENT = Decimal("0.01")
Change = Any  # what a Trader takes
LOCAL = ("Valor", "Líquido (ativo de liquidação)", "Conta")


@pytest.fixture(params=BACKEND_PARAMS)
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlStorage]:
    """Give a storage of each kind that fails the test on any tenant statement without its client."""
    with fresh_storage(str(request.param), tmp_path) as made:
        refuse_unscoped_statements(made.engine)
        yield made


@pytest.fixture
def client(storage: SqlStorage) -> User:
    user = make_user("ana")
    with storage.begin() as uow:
        uow.users.add(user, None)
    return user


@pytest.fixture
def one(storage: SqlStorage, client: User) -> ExchangeAccount:
    return lived(storage, client, "One", is_main=True)


def lived(storage: SqlStorage, client: User, name: str, **changes: Change) -> ExchangeAccount:
    trader = Trader(storage, client, name, created_at=NOW - 3 * DAY, **changes)
    trader.live(NOW - 3 * DAY, NOW, step=8 * HOUR)
    close(storage, client, NOW)
    return trader.account


def closes(account: ExchangeAccount, nets: tuple[str, ...] = NETS, **changes: object) -> list[ClosedRow]:
    """Return positions of every twelve hours, the last an hour ago."""
    ago = [NOW - HOUR - n * 12 * HOUR for n in range(len(nets))][::-1]
    named = enumerate(zip(nets, ago, strict=True))
    return [make_closed(account, f"{n}", net_pnl=Decimal(net), closed_at=at, **changes) for n, (net, at) in named]


def keep(storage: SqlStorage, rows: list[ClosedRow], *, since: timedelta = 90 * DAY) -> None:
    with storage.begin() as uow:
        uow.closed.add(rows)
        for account_id in {row.account_id for row in rows}:
            lease = uow.syncing.claim_one(account_id, NOW + DAY, owner="x", lease_seconds=60)
            assert lease is not None
            uow.syncing.set_closed(lease, since=NOW - since, read_to=NOW)
            uow.syncing.release(lease, next_due_at=NOW, interval_seconds=30, now=NOW)


def scope(client: User) -> Scope:
    return Scope(client.id, client.role, frozenset({client.id}), authenticated_at=NOW)


def trades(
    storage: SqlStorage, client: User, period: str = "7d", *, view: str = "all", currency: str = "USD"
) -> Trades:
    found = load_results(storage, scope(client), Question(client.id, view, period, currency=currency), now=NOW)
    assert not found.pending
    assert found.trades is not None
    return found.trades


def test_the_statistics_are_those_of_the_nets_stored(storage: SqlStorage, client: User, one: ExchangeAccount) -> None:
    keep(storage, closes(one))
    found = trades(storage, client)
    assert found.stats == trade_stats([float(net) for net in NETS])
    assert (found.stats.n, found.stats.wins, found.stats.losses, found.stats.breakeven) == (6, 2, 2, 2)
    assert found.stats.low_sample
    assert found.stats.profit_factor == pytest.approx((120.5 + 33.3333333333) / 47.25)
    assert found.told[0].since == NOW - 90 * DAY


def test_a_position_counts_in_the_period_of_its_close(storage: SqlStorage, client: User, one: ExchangeAccount) -> None:
    old = make_closed(one, "old", closed_at=NOW - 80 * DAY, net_pnl=Decimal(1000))
    keep(storage, [*closes(one), old])
    assert trades(storage, client, "today").stats.n == 1  # noon in UTC is nine in the morning of the client's day
    assert trades(storage, client, "30d").stats.n == len(NETS)
    assert trades(storage, client, "all").stats.n == len(NETS) + 1


def test_symbols_and_accounts_add_up_to_the_whole(storage: SqlStorage, client: User, one: ExchangeAccount) -> None:
    two = lived(storage, client, "Two", exchange="bitget", seed=2)
    keep(storage, [*closes(one), *closes(two, ("5", "6"), symbol="ETH/USDT:USDT")])
    found = trades(storage, client)
    assert [part.name for part in found.parts[SYMBOL]] == ["BTC/USDT:USDT", "ETH/USDT:USDT"]
    assert {part.name: part.stats.n for part in found.parts[ACCOUNT]} == {"One": 6, "Two": 2}
    for parts in found.parts.values():
        assert sum(part.stats.net for part in parts) == pytest.approx(found.stats.net)
        assert sum(part.stats.n for part in parts) == found.stats.n
    eth = found.parts[SYMBOL][1].stats
    assert (eth.losses, eth.profit_factor, eth.largest_loss) == (0, None, None)
    assert trades(storage, client, view=str(two.id)).stats.n == 2


def test_another_currency_counts_at_the_rate_of_each_close(
    storage: SqlStorage, client: User, one: ExchangeAccount
) -> None:
    rows = closes(one)
    keep(storage, rows)
    days = [NOW - n * DAY for n in range(6, -1, -1)]
    with storage.begin() as uow:
        uow.fx.save([StoredRate("BRL", at, 5 + Decimal(n) / 10, "ptax", at) for n, at in enumerate(days)])
    note_currency(storage, scope(client), client.id, "BRL", now=NOW)
    close(storage, client, NOW)
    found = trades(storage, client, currency="BRL")
    expected = [
        float(row.net_pnl) * float(5 + Decimal(max(n for n, at in enumerate(days) if at <= row.closed_at)) / 10)
        for row in rows
    ]
    assert [trade.value for trade in found.rows] == pytest.approx(expected)
    assert found.stats.net == pytest.approx(sum(expected))
    assert (found.stats.wins, found.stats.losses, found.stats.breakeven) == (2, 2, 2)


def test_what_has_no_price_is_counted_aside_and_never_zero(
    storage: SqlStorage, client: User, one: ExchangeAccount
) -> None:
    dark = make_closed(one, "dark", settle_asset="MOON", price=None, closed_at=NOW - HOUR, symbol="MOON/USD:MOON")
    keep(storage, [*closes(one), dark])
    found = trades(storage, client)
    assert (found.stats.n, found.unvalued, len(found.rows)) == (6, 1, 7)
    assert found.stats == trade_stats([float(net) for net in NETS])
    assert [part.name for part in found.parts[SYMBOL]] == ["BTC/USDT:USDT"]


def test_an_account_that_tells_none_is_said_to_be_unread(
    storage: SqlStorage, client: User, one: ExchangeAccount
) -> None:
    found = trades(storage, client)
    assert (found.stats.n, found.told[0].since, found.told[0].read_to) == (0, None, None)
    assert found.told[0].exchange == one.exchange


def test_a_foreign_client_s_trades_are_not_found(storage: SqlStorage, client: User, one: ExchangeAccount) -> None:
    keep(storage, closes(one))
    stranger = make_user("bia")
    with storage.begin() as uow:
        uow.users.add(stranger, None)
    with pytest.raises(NotFoundError):
        load_results(storage, scope(stranger), Question(client.id, "all", "7d"), now=NOW)
    with pytest.raises(NotFoundError):
        open_results_export(storage, scope(stranger), "closed_positions", Question(client.id, "all", "7d"), now=NOW)


@pytest.mark.parametrize("dialect", ["iso", "pt-BR"])
def test_the_file_has_every_position_and_adds_up_to_the_page(
    storage: SqlStorage, client: User, one: ExchangeAccount, dialect: str
) -> None:
    keep(storage, closes(one))
    question = Question(client.id, "all", "7d")
    export = open_results_export(storage, scope(client), "closed_positions", question, now=NOW)
    rows = read(export.columns, export.rows, make_dialect(dialect, client.time_zone))
    value, net, account = ("value", "net", "account") if dialect == "iso" else LOCAL
    values = [Decimal(row[value].replace(",", ".")) for row in rows]
    assert len(rows) == len(NETS)
    assert sum(values, Decimal(0)).quantize(CENT) == Decimal(str(trades(storage, client).stats.net)).quantize(CENT)
    assert [Decimal(row[net].replace(",", ".")) for row in rows] == [Decimal(net) for net in NETS]
    assert {row[account] for row in rows} == {"One"}


def read(columns: object, rows: object, dialect: Dialect | None) -> list[dict[str, str]]:
    """Return the rows of a file as a spreadsheet has them."""
    assert dialect is not None
    text = b"".join(piece for piece, _count in write_csv(columns, rows, dialect)).decode("utf-8-sig")  # type: ignore[arg-type]
    delimiter = ";" if dialect.name == "pt-BR" else ","
    return list(csv.DictReader(text.splitlines(), delimiter=delimiter))
