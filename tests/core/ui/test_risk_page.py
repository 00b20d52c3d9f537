"""The Positions & risk page, played without a browser: every figure on it is the file's figure, to the cent."""

import csv
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from connectors.sandbox import Sandbox
from core.api.csv_text import make_dialect, write_csv
from core.domain.types import AccountStatus, ExchangeAccount, OpenPosition, Scope, User
from core.services.risk_export import open_risk_export
from core.ui.format import MISSING, Formats, markdown_safe
from tests.core.persistence.makers import DAY, HOUR, SECOND, make_balance, make_ledger, make_position, make_wallet
from tests.core.ui.house import ScreenHouse, words

CENT = Decimal("0.01")
FUTURES = "futures"
TABLE = {
    "upnl": "unrealized_value",
    "notional": "notional",
    "funding": "funding",
    "roe": "roe",
    "distance": "liquidation_distance",
    "size": "size_base",
    "entry": "entry_price",
    "mark": "mark_price",
    "liquidation": "liquidation_price",
    "leverage": "leverage",
}
CARDS = {
    "Exposição bruta": ("gross", "money"),
    "Exposição líquida": ("net", "signed"),
    "Nocional / patrimônio": ("notional_over_equity", "times"),
    "Não realizado": ("unrealized", "signed"),
    "Liquidação mais próxima (estimativa)": ("nearest_liquidation", "ratio"),
    "Maior índice de margem": ("highest_margin_ratio", "ratio"),
}


@pytest.fixture
def ana(house: ScreenHouse) -> User:
    return house.person()


def held(account: ExchangeAccount, symbol: str = "BTC/USDT:USDT", **changes: Any) -> OpenPosition:  # noqa: ANN401
    usual: dict[str, Any] = {
        "wallet": FUTURES,
        "size_base": Decimal("0.7"),
        "entry_price": Decimal("58123.45"),
        "mark_price": Decimal("60001.07"),
        "liquidation_price": Decimal("57500.5"),
        "unrealized_pnl": Decimal("1314.334"),
        "unrealized_usd": 1314.334,
        "notional_usd": 42000.749,
        "margin_mode": "cross",
    }
    return make_position(account, symbol, **{**usual, **changes})


def store(house: ScreenHouse, account: ExchangeAccount, *positions: OpenPosition, **wallet: Any) -> None:  # noqa: ANN401
    """Store a futures wallet with 9,000.335 USDT and positions, read a moment ago, and eight hours of funding."""
    at = house.now - 5 * SECOND
    as_of = wallet.get("as_of", at)
    usd = 9000.335 + sum(position.unrealized_usd or 0.0 for position in positions)
    usual: dict[str, Any] = {
        "kind": "futures_linear", "as_of": as_of, "attempted_at": at, "equity": usd, "unrealized_pnl": usd - 9000.335,
        "unpriced": (), "maintenance_margin": 168.003,
    }  # fmt: skip
    state = make_wallet(account, FUTURES, **{**usual, **wallet})
    cash = Decimal("9000.335")
    balance = make_balance(account, "USDT", wallet=FUTURES, total=cash, free=None, price=Decimal(1), value=9000.335)
    opened = house.now - DAY
    shown = [replace(p, as_of=as_of, opened_at=opened, seen_since=opened) for p in positions]
    house.read(
        account, equity=usd, days=0, wallets=(state,), fresh_wallets=(FUTURES,), balances=(balance,), positions=shown
    )
    with house.storage.begin() as uow:
        for number, symbol in enumerate({position.symbol for position in positions}):
            booked = {"kind": "funding", "wallet": FUTURES, "symbol": symbol, "price": Decimal(1)}
            amount = Decimal("-3.335") * (number + 1)
            uow.ledger.add([make_ledger(account, symbol, amount=amount, booked_at=house.now - 8 * HOUR, **booked)])
        lease = uow.syncing.claim_one(account.id, house.now + DAY, owner="one", lease_seconds=60)
        assert lease is not None
        uow.syncing.set_ledger(lease, read_to=at, since=house.now - 90 * DAY)
        uow.syncing.release(lease, next_due_at=house.now, interval_seconds=30, now=at)


def store_two(house: ScreenHouse, client: User) -> None:
    """Store two accounts: hedge legs and a third pair on one, a pair near liquidation on the other."""
    one, two = house.account(client), house.account(client, "Bitget", exchange="bitget", is_main=False)
    short = held(
        one, side="short", hedged=True, size_base=Decimal("0.2"), notional_usd=12000.214, unrealized_usd=-20.005,
        unrealized_pnl=Decimal("-20.005"), liquidation_price=Decimal(75000),
    )  # fmt: skip
    store(house, one, held(one, hedged=True), short, held(one, "SOL/USDT:USDT", liquidation_price=None, leverage=None))
    store(house, two, held(two, "ETH/USDT:USDT"), maintenance_margin=None)


def file_of(house: ScreenHouse, client: User, dialect: str = "iso", *, currency: str = "USD") -> list[dict[str, str]]:
    """Return the rows of the file as somebody reads them who has it."""
    now = house.web.clock()
    scope = Scope(client.id, client.role, frozenset({client.id}), authenticated_at=now)
    export = open_risk_export(
        house.web.storage,
        scope,
        client_id=client.id,
        view="all",
        currency=currency,
        time_zone=client.time_zone,
        now=now,
    )
    made = make_dialect(dialect, client.time_zone)
    assert made is not None
    text = b"".join(piece for piece, _count in write_csv(export.columns, export.rows, made)).decode("utf-8-sig")
    return list(csv.DictReader(text.splitlines(), delimiter=made.delimiter))


def cents(value: object) -> Decimal | None:
    text = str(value)
    return None if text in ("", "None", "nan", "NaN") else Decimal(text).quantize(CENT)


@pytest.mark.parametrize("currency", ["USD", "BRL"])
def test_every_figure_of_the_page_is_the_figure_of_the_file(
    house: ScreenHouse, ana: User, bank: Sandbox, currency: str
) -> None:
    store_two(house, ana)
    at = house.screen(ana, "risk", account="all", currency=currency)
    assert not at.exception
    filed = file_of(house, ana, currency=currency)
    assert {row["unit"] for row in filed if row["item"] in ("gross", "equity")} == {currency}
    sums = {row["item"]: row["value"] for row in filed if row["section"] == "sum"}
    formats = Formats("pt_BR", ana.time_zone, currency)

    def written(name: str, kind: str) -> str:
        number = Decimal(sums[name])
        if kind == "ratio":
            return formats.percent(number, 1)
        if kind == "times":
            return formats.number(number) + "×"
        return markdown_safe(formats.money(number, signed=kind == "signed"))

    assert {metric.label: metric.value for metric in at.metric} == {
        label: written(*figure) for label, figure in CARDS.items()
    }
    shown = table(at, "notes")
    rows = [row for row in filed if row["section"] == "position"]
    assert len(rows) == len(shown) == 4
    for column, name in TABLE.items():
        assert [cents(value) for value in shown[column]] == [cents(row[name]) for row in rows], column
    margins = table(at, "ratio")
    kept = [row for row in filed if row["section"] == "wallet"]
    assert [cents(value) for value in margins["ratio"]] == [cents(r["value"]) for r in kept if "ratio" in r["item"]]
    assert [cents(value) for value in margins["balance"]] == [cents(r["value"]) for r in kept if "balance" in r["item"]]


def test_four_reais_for_a_dollar_make_every_sum_four_times_as_large(
    house: ScreenHouse, ana: User, bank: Sandbox
) -> None:
    store_two(house, ana)
    dollars, reais = ({row["item"]: row["value"] for row in file_of(house, ana, currency=c)} for c in ("USD", "BRL"))
    for name in ("gross", "net", "unrealized", "equity"):
        assert cents(reais[name]) == cents(4 * Decimal(dollars[name])), name
    assert cents(reais["notional_over_equity"]) == cents(dollars["notional_over_equity"])


def test_the_currency_is_the_clients_own_where_the_url_names_none(house: ScreenHouse, bank: Sandbox) -> None:
    bia = house.person("bia", currency="BRL")
    account = house.account(bia)
    store(house, account, held(account))
    at = house.screen(bia, "risk")
    assert next(metric.value for metric in at.metric if metric.label == "Exposição bruta").startswith("R\\$")
    assert "Moeda" in [box.label for box in at.selectbox]


def test_without_a_rate_the_page_says_so_and_shows_no_dollars(house: ScreenHouse, ana: User) -> None:
    account = house.account(ana)
    store(house, account, held(account))
    at = house.screen(ana, "risk", currency="BRL")
    assert not at.exception
    assert next(metric.value for metric in at.metric if metric.label == "Exposição bruta") == MISSING
    assert "Não há taxa de câmbio para BRL agora" in words(at)
    assert "42.000" not in words(at)


def test_charts_show_the_figures_of_the_file_with_signs_and_words(house: ScreenHouse, ana: User) -> None:
    store_two(house, ana)
    filed = file_of(house, ana)
    formats = Formats("pt_BR", ana.time_zone)
    alts = {spec.key: spec.alt for spec in charts(house.screen(ana, "risk", account="all"))}
    pairs = {(row["symbol"], row["item"]): Decimal(row["value"]) for row in filed if row["section"] == "pair"}
    for (_symbol, side), value in pairs.items():
        if side in ("long", "short") and value:
            sign = "▲" if side == "long" else "▼"
            assert f"{sign} {formats.money(value, digits=0)}" in alts["risk_exposure"]
    for row in (row for row in filed if row["section"] == "asset"):
        assert f"{row['item']} {formats.money(Decimal(row['value']), signed=True, digits=0)}" in alts["risk_delta"]
    near = formats.percent(Decimal(next(row["value"] for row in filed if row["item"] == "nearest_liquidation")), 1)
    assert f"{near} ⚠ muito perto" in alts["risk_distance"]
    assert alts["risk_distance"].index(near) < alts["risk_distance"].index("25,0%")


def test_the_brazilian_file_says_the_same_with_commas(house: ScreenHouse, ana: User) -> None:
    store_two(house, ana)
    ours, theirs = file_of(house, ana, "pt-BR"), file_of(house, ana)
    assert [row["Valor"] for row in ours] == [row["value"].replace(".", ",") for row in theirs]
    assert {"Valor nocional", "Motivo", f"Funding desde ({ana.time_zone})"} <= ours[0].keys()


def test_what_is_missing_is_a_dash_with_its_reason(house: ScreenHouse, ana: User) -> None:
    store_two(house, ana)
    at = house.screen(ana, "risk", account="all")
    notes = "\n".join(table(at, "notes")["notes"])
    assert "o extrato não separa as pernas do hedge" in notes
    assert "a corretora não informa a alavancagem desta posição" in notes
    assert "a corretora não informa preço de liquidação" in notes
    assert f"{MISSING} a corretora não informa a margem de manutenção" in list(table(at, "ratio")["source"])
    text = words(at)
    legs = table(at, "together")
    filed = [row for row in file_of(house, ana) if row["section"] == "legs"]
    assert [cents(value) for value in legs["together"]] == [cents(row["value"]) for row in filed]
    assert list(legs["symbol"]) == ["BTC/USDT"]
    assert "estimativa" in text


def test_old_wallets_are_counted_named_and_marked(house: ScreenHouse, ana: User) -> None:
    account = house.account(ana)
    store(house, account, held(account), ok=False, reason="network", as_of=house.now - timedelta(minutes=20))
    at = house.screen(ana, "risk")
    text = words(at)
    assert "há 20 min · 0 de 1 carteiras" in text
    assert "com valores anteriores de Binance · futures" in text
    assert "⏱" in table(at, "notes")["symbol"][0]


def test_what_has_no_price_can_be_opened(house: ScreenHouse, ana: User) -> None:
    account = house.account(ana)
    store(house, account, held(account), unpriced=("XYZ",))
    at = house.screen(ana, "risk")
    assert [box.label for box in at.expander] == ["Ativos sem preço: 1"]
    assert "XYZ" in words(at)


def test_play_money_wears_its_badge_and_is_in_no_other_sum(house: ScreenHouse, ana: User) -> None:
    real, toy = house.account(ana), house.account(ana, "Toy", testnet=True, is_main=False)
    store(house, real, held(real))
    store(house, toy, held(toy, notional_usd=999_000.0))
    everything, play = house.screen(ana, "risk", account="all"), house.screen(ana, "risk", account=str(toy.id))
    assert "999" not in words(everything)
    assert "Rede de testes" in words(play)
    assert table(play, "notes")["account"][0] == "Toy (rede de testes)"


def test_each_empty_screen_says_why(house: ScreenHouse, ana: User) -> None:
    assert "Nenhuma conta de corretora ainda" in words(house.screen(ana, "risk"))
    account = house.account(ana, is_main=False)
    assert "Nada corresponde a esta escolha" in words(house.screen(ana, "risk"))
    assert "A primeira leitura está a caminho" in words(house.screen(ana, "risk", account="all"))
    store(house, account)
    at = house.screen(ana, "risk", account="all")
    clock = Formats("pt_BR", ana.time_zone).time(house.now - 5 * SECOND)
    assert "Nenhuma posição aberta" in [heading.value for heading in at.header]
    assert f"Conferido às {clock}" in words(at)
    bia = house.person("bia")
    house.account(bia, status=AccountStatus.REFUSED, reason="may_withdraw", is_main=False)
    assert "Não foi possível ler" in words(house.screen(bia, "risk", account="all"))


def test_another_clients_account_in_the_url_shows_nothing_of_it(house: ScreenHouse, ana: User) -> None:
    bia, account = house.person("bia"), house.account(ana)
    store(house, account, held(account))
    foreign = house.account(bia, "Segredo da Bia")
    store(house, foreign, held(foreign, "DOGE/USDT:USDT"))
    at = house.screen(ana, "risk", account=str(foreign.id), client=str(bia.id))
    assert not at.exception
    assert "Segredo da Bia" not in words(at)
    assert list(table(at, "notes")["symbol"]) == ["▲ BTC/USDT"]


def test_an_administrator_without_a_client_chooses_one_first(house: ScreenHouse) -> None:
    assert "Escolher um cliente" in [button.label for button in house.screen(house.admin(), "risk").button]


def table(at: AppTest, column: str) -> pd.DataFrame:
    """Return the table that has this column."""
    return next(frame.value for frame in at.dataframe if column in frame.value.columns)


class Chart:
    """A chart as the browser gets it: its key and its words for who cannot see it."""

    def __init__(self, proto: Any) -> None:  # noqa: ANN401 (a message of Streamlit)
        self.key = proto.id.rpartition("-")[2]
        self.alt = proto.alt


def charts(at: AppTest) -> list[Chart]:
    """Return the charts of the page."""
    return [Chart(element.proto) for element in at.get("echarts_chart")]
