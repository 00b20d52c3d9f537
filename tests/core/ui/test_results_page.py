"""The Results page, played without a browser: every figure on it is the file's figure, to the cent."""

import csv
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from core.api.csv_text import make_dialect, write_csv
from core.domain.currencies import StoredRate
from core.domain.marks import PricePoint
from core.domain.pnl.book import COMPONENTS
from core.domain.types import ExchangeAccount, Scope, User
from core.services.rates import note_currency
from core.services.results_export import open_results_export
from core.services.results_types import BARS, Question
from core.ui.format import Formats, markdown_safe
from tests.core.persistence.makers import make_closed, scope_of
from tests.core.services.results_past import DAY, HOUR, Trader, close
from tests.core.ui.house import SECOND, ScreenHouse, words

DAYS = 4
PLACES = {"BTC": 8}
LABELS = {
    "result": "Resultado",
    "twr": "Retorno ponderado pelo tempo",
    "mwr": "Retorno ponderado pelo dinheiro",
    "closing": "Patrimônio final",
    "twr_per_year": "Retorno ao ano",
    "mwr_per_year": "XIRR ao ano",
    "max_drawdown": "Queda máxima",
    "volatility": "Volatilidade",
    "sharpe": "Sharpe",
    "sortino": "Sortino",
    "calmar": "Calmar",
    "positive_days": "Dias de ganho",
    "closed_positions": "Posições encerradas",
    "net": "Líquido das negociações",
    "win_rate": "Taxa de acerto",
    "profit_factor": "Fator de lucro",
    "expectancy": "Expectativa",
    "payoff": "Payoff",
    "avg_win": "Ganho médio",
    "avg_loss": "Perda média",
    "largest_win": "Maior ganho",
    "largest_loss": "Maior perda",
}
NUMBERS = ("sharpe", "sortino", "calmar", "profit_factor", "payoff")
SHARES = ("positive_days", "win_rate")


@pytest.fixture
def ana(house: ScreenHouse) -> Iterator[User]:
    """Give a client with two accounts that have lived for some days, the second with money gone astray."""
    client = house.person()
    since = house.now - timedelta(days=DAYS)
    one = Trader(house.storage, client, "Binance", is_main=True, created_at=since)
    two = Trader(house.storage, client, "Bitget", seed=2, exchange="bitget", created_at=since)
    one.live(since, house.now, step=4 * HOUR)
    two.live(since, house.now, step=4 * HOUR, odd=True)
    _store_rates(house, since)
    _store_closed(house, two.account)
    close(house.storage, client, house.now)
    yield client


def _store_closed(house: ScreenHouse, account: ExchangeAccount) -> None:
    """Store positions of two pairs that were closed, one of the pairs without a loss."""
    nets = [("BTC", "120.257"), ("BTC", "-45.50"), ("BTC", "-3.21"), ("SOL", "17.3333"), ("SOL", "8")]
    rows = [
        make_closed(
            account, str(n), net_pnl=Decimal(net), closed_at=house.now - (10 + 15 * n) * HOUR,
            symbol=f"{base}/USDT:USDT", opened_at=None,
        )
        for n, (base, net) in enumerate(nets)
    ]  # fmt: skip
    with house.storage.begin() as uow:
        uow.closed.add(rows)
    _known_from(house, account, house.now - 90 * DAY)


def _known_from(house: ScreenHouse, account: ExchangeAccount, since: datetime, read_to: datetime | None = None) -> None:
    with house.storage.begin() as uow:
        lease = uow.syncing.claim_one(account.id, house.now + DAY, owner="past", lease_seconds=60)
        assert lease is not None
        uow.syncing.set_closed(lease, since=since, read_to=read_to or house.now)
        uow.syncing.release(lease, next_due_at=house.now, interval_seconds=30, now=house.now, error_code=None)


def _store_rates(house: ScreenHouse, since: datetime) -> None:
    """Store a dollar of 5 reais that rises by a hundredth every day, and bitcoin's price over all exchanges."""
    days = [since + n * DAY for n in range(-1, DAYS + 1)]
    rates = [StoredRate("BRL", at, 5 + Decimal(n) / 100, "ptax", at) for n, at in enumerate(days)]
    with house.storage.begin() as uow:
        uow.fx.save(rates)
        uow.price_history.save([PricePoint("BTC", at, Decimal(60000 + 10 * n)) for n, at in enumerate(days)])


def file_of(
    house: ScreenHouse, client: User, dataset: str, period: str = "7d", *, currency: str = "USD", view: str = "all"
) -> list[dict[str, str]]:
    """Return the rows of a file as somebody reads them who has it."""
    scope = Scope(client.id, client.role, frozenset({client.id}), authenticated_at=house.web.clock())
    question = Question(client.id, view, period, currency=currency)
    export = open_results_export(house.web.storage, scope, dataset, question, now=house.web.clock())
    dialect = make_dialect("iso", client.time_zone)
    assert dialect is not None
    text = b"".join(piece for piece, _count in write_csv(export.columns, export.rows, dialect)).decode()
    return list(csv.DictReader(text.splitlines()))


def cents(value: object, currency: str = "USD") -> Decimal:
    return Decimal(str(value)).quantize(Decimal(1).scaleb(-PLACES.get(currency, 2)))


@pytest.mark.parametrize("currency", ["USD", "BRL", "BTC"])
def test_every_figure_of_the_page_is_the_figure_of_the_file(house: ScreenHouse, ana: User, currency: str) -> None:
    note_currency(house.web.storage, scope_of(ana), ana.id, currency, now=house.now)
    close(house.storage, ana, house.now)
    at = house.screen(ana, "results", account="all", period="7d", bar="funding", by="account", currency=currency)
    assert not at.exception
    figures = {row["item"]: (row["value"], row["unit"]) for row in file_of(house, ana, "pnl", currency=currency)}
    assert {unit for _value, unit in figures.values()} == {currency, "ratio", "count"}
    formats = Formats("pt_BR", ana.time_zone)

    def written(name: str) -> str:
        value, unit = figures[name]
        number = Decimal(value) if value else None
        if name in NUMBERS:
            return formats.number(number)
        if unit == "count":
            return formats.number(number, 0)
        if unit == "ratio":
            digits = 1 if name in SHARES else 2
            return formats.percent(number, digits, signed=name not in (*SHARES, "volatility"))
        return markdown_safe(formats.money(number, unit, signed=name != "closing"))

    shown = {metric.label: metric.value for metric in at.metric}
    assert shown == {label: written(name) for name, label in LABELS.items()}
    bars, parts, rows = _tables(at)
    assert [cents(value, currency) for value in bars["value"]] == [cents(figures[bar][0], currency) for bar in BARS]
    filed = [row for row in file_of(house, ana, "attribution", currency=currency) if row["by"] == "account"]
    assert list(parts["name"]) == [row["name"] for row in filed]
    assert [cents(value, currency) for value in parts["total"]] == [cents(row["result"], currency) for row in filed]
    for name in set(COMPONENTS) & set(parts.columns):
        assert [cents(value, currency) for value in parts[name]] == [cents(row[name], currency) for row in filed]
    behind = [row for row in file_of(house, ana, "pnl_rows", currency=currency) if row["bar"] == "funding"]
    assert [cents(value, currency) for value in rows["value"]] == [cents(row["value"], currency) for row in behind]
    assert cents(sum(Decimal(row["value"]) for row in behind), currency) == cents(figures["funding"][0], currency)


@pytest.mark.parametrize(("currency", "sign"), [("BRL", "R\\$"), ("BTC", "BTC")])
def test_the_page_tells_trading_from_currency(house: ScreenHouse, ana: User, currency: str, sign: str) -> None:
    text = words(house.screen(ana, "results", account="all", period="7d", currency=currency)).replace("\xa0", " ")
    figures = {row["item"]: row["value"] for row in file_of(house, ana, "pnl", currency=currency)}
    formats = Formats("pt_BR", ana.time_zone)
    trading, effect = (
        markdown_safe(formats.money(Decimal(figures[name]), currency, signed=True)) for name in ("trading", "fx_effect")
    )
    assert f"dos quais {trading} de operação e {effect} de câmbio" in text
    assert f"{sign} " in text


def test_the_clients_own_currency_counts_where_the_url_says_none(house: ScreenHouse, ana: User) -> None:
    at = house.screen(ana, "settings")
    at.selectbox(key="settings_currency").set_value("BRL")
    at.button(key="settings_submit").click().run()
    at.switch_page("../../pages/results.py").run()
    assert at.selectbox(key="filter_currency").value == "BRL"
    at.selectbox(key="filter_currency").set_value("USD").run()
    assert at.query_params["currency"] == "USD"
    assert not at.exception


def test_days_without_a_rate_are_a_dash_with_the_reason(house: ScreenHouse, ana: User) -> None:
    at = house.screen(ana, "results", account="all", period="7d", currency="EUR")
    assert not at.exception
    shown = {metric.label: metric.value for metric in at.metric}
    assert (shown["Resultado"], shown["Patrimônio final"]) == ("—", "—")
    assert "sem taxa de câmbio em" in words(at)


def test_days_of_the_file_add_up_to_the_result_of_the_page(house: ScreenHouse, ana: User) -> None:
    days = file_of(house, ana, "daily", "all")
    figures = {row["item"]: row["value"] for row in file_of(house, ana, "pnl", "all")}
    assert len(days) in (DAYS, DAYS + 1, DAYS + 2)
    for column, item in (("result", "result"), ("funding", "funding"), ("net_flows", "net_flows")):
        assert cents(sum(Decimal(row[column]) for row in days)) == cents(figures[item])
    assert (days[0]["opening"], days[-1]["closing"]) == (figures["opening"], figures["closing"])
    assert [row["provisional"] for row in days][-1] == "true"


def test_the_page_says_since_when_in_which_zone_and_what_is_unexplained(house: ScreenHouse, ana: User) -> None:
    since = Formats("pt_BR", ana.time_zone).date(house.now - timedelta(days=DAYS))
    text = words(house.screen(ana, "results", account="all", period="30d"))
    assert f"resultado desde {since}, início do histórico" in text
    assert "dias de America/Sao_Paulo" in text
    assert "-US\\$" in text
    assert "42,50" in text.replace("\xa0", " ")
    assert "provisório" in text


def test_trades_are_told_by_pair_and_account_with_their_number_and_who_tells_none(
    house: ScreenHouse, ana: User
) -> None:
    at = house.screen(ana, "results", account="all", period="7d")
    assert not at.exception
    text = words(at)
    assert "Não disponível para Binance" in text
    assert "menos de 30: amostra pequena" in text
    pairs, accounts = (frame.value for frame in at.dataframe if "profit_factor" in frame.value.columns)
    assert [list(pairs["n"]), list(accounts["n"]), list(accounts["name"])] == [[3, 2], [5], ["Bitget"]]
    rows = file_of(house, ana, "closed_positions")
    figures = {row["item"]: row["value"] for row in file_of(house, ana, "pnl")}
    assert len(rows) == int(figures["closed_positions"]) == 5
    assert cents(sum(Decimal(row["value"]) for row in rows)) == cents(figures["net"]) == cents(sum(pairs["net"]))
    for name in ("BTC", "SOL"):
        filed = sum(Decimal(row["value"]) for row in rows if row["symbol"].startswith(name))
        assert cents(filed) == cents(sum(pairs[pairs["name"].str.startswith(name)]["net"]))


def test_an_account_that_tells_no_closed_positions_shows_no_figure_of_them(house: ScreenHouse, ana: User) -> None:
    at = house.screen(ana, "results", period="7d")
    assert "Não disponível para Binance" in words(at)
    assert LABELS["win_rate"] not in [metric.label for metric in at.metric]
    assert not {"win_rate", "net", "closed_positions"} & {
        row["item"] for row in file_of(house, ana, "pnl", view="main")
    }
    assert file_of(house, ana, "closed_positions", view="main") == []


def test_what_is_not_known_of_closed_positions_is_said(house: ScreenHouse, ana: User) -> None:
    late = house.account(ana, "OKX", exchange="okx", is_main=False)
    one = next(account for account in _accounts(house, ana) if account.exchange == "bitget")
    _known_from(house, one, house.now - 5 * DAY, house.now - 2 * HOUR)
    text = words(house.screen(ana, "results", account="all", period="7d"))
    assert f"Posições encerradas ainda não lidas: {late.name}" in text
    since = Formats("pt_BR", ana.time_zone).date(house.now - 5 * DAY)
    assert f"As posições encerradas são conhecidas a partir de {since}" in text
    assert "As posições encerradas foram lidas até" in text


def _accounts(house: ScreenHouse, client: User) -> list[ExchangeAccount]:
    with house.storage.begin(write=False) as uow:
        return uow.accounts.all({client.id})


def test_choices_are_written_into_the_url(house: ScreenHouse, ana: User) -> None:
    at = house.screen(ana, "results")
    at.selectbox(key="results_period").set_value("custom").run()
    assert at.query_params["period"] == "custom"
    assert {"from", "to"} <= set(at.query_params)
    assert not at.exception
    at.selectbox(key="results_period").set_value("today").run()
    assert "from" not in at.query_params
    assert not at.exception


def test_foreign_accounts_and_nonsense_show_the_own_main_account(house: ScreenHouse, ana: User) -> None:
    bia = house.person("bia")
    foreign = house.account(bia, "Segredo da Bia")
    nonsense = {"period": "custom", "from": "x", "bar": "all"}
    for url in ({"account": str(foreign.id), "client": str(bia.id)}, nonsense):
        at = house.screen(ana, "results", login_age=SECOND, **url)
        assert not at.exception
        assert "Segredo da Bia" not in words(at)
        assert "Patrimônio final" in words(at)


def test_a_client_without_an_account_is_offered_to_add_one(house: ScreenHouse) -> None:
    at = house.screen(house.person(), "results")
    assert "Nenhuma conta de corretora ainda" in words(at)


def test_an_administrator_without_a_client_chooses_one_first(house: ScreenHouse) -> None:
    assert "Escolher um cliente" in [button.label for button in house.screen(house.admin(), "results").button]


def _tables(at: AppTest) -> list[pd.DataFrame]:
    """Return bars, parts and rows, told by their columns."""
    frames = [frame.value for frame in at.dataframe]
    bars = next(frame for frame in frames if list(frame.columns) == ["name", "value"])
    parts = next(frame for frame in frames if "total" in frame.columns)
    rows = next(frame for frame in frames if "kind" in frame.columns)
    return [bars, parts, rows]
