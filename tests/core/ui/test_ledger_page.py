"""The Ledger page, played without a browser: its rows are the file's, its buttons store a person's word."""

import csv
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from core.api.csv_text import make_dialect, write_csv
from core.domain.transfer_links import LinkKind, TransferLink
from core.domain.types import Role, Scope, User
from core.services.ledger_export import open_ledger_export
from core.services.ledger_types import LedgerQuestion
from tests.core.services.ledger_past import HOUR, LedgerPast, make_ledger_past
from tests.core.ui.house import SECOND, ScreenHouse, words

ENTRIES = 10


@pytest.fixture
def past(house: ScreenHouse) -> Iterator[LedgerPast]:
    """Give a client with two accounts and a ledger of the day before."""
    yield make_ledger_past(house.storage, house.person(), house.now - timedelta(days=1))


def file_of(house: ScreenHouse, client: User, **asked: object) -> list[dict[str, str]]:
    """Return the rows of the file as somebody reads them who has it."""
    scope = Scope(client.id, client.role, frozenset({client.id}), authenticated_at=house.web.clock())
    question = LedgerQuestion(client.id, "all", **asked)  # type: ignore[arg-type]
    export = open_ledger_export(house.web.storage, scope, question, now=house.web.clock())
    dialect = make_dialect("iso", client.time_zone)
    assert dialect is not None
    text = b"".join(piece for piece, _count in write_csv(export.columns, export.rows, dialect)).decode()
    return list(csv.DictReader(text.splitlines()))


def table(at: AppTest, *columns: str) -> pd.DataFrame:
    """Return the table that has these columns."""
    return next(frame.value for frame in at.dataframe if set(columns) <= set(frame.value.columns))


def links(house: ScreenHouse, client: User) -> list[TransferLink]:
    with house.storage.begin(write=False) as uow:
        return uow.links.in_force({client.id})


def press(at: AppTest, label: str, number: int = 0) -> AppTest:
    """Press the n-th button with this label."""
    return [button for button in at.button if button.label == label][number].click().run()


def test_every_row_of_the_page_is_a_row_of_the_file_and_sums_are_theirs(house: ScreenHouse, past: LedgerPast) -> None:
    at = house.screen(past.client, "ledger", account="all")
    assert not at.exception
    shown, filed = table(at, "at", "txid"), file_of(house, past.client)
    assert len(shown) == len(filed) == ENTRIES
    assert list(shown["amount"]) == [float(row["amount"]) for row in filed]
    values = [None if pd.isna(value) else value for value in shown["value"]]
    assert values == [float(row["value_usd"]) if row["value_usd"] else None for row in filed]
    for column in ("asset", "account", "wallet", "venue_type", "txid"):
        assert list(shown[column]) == [row[column] for row in filed]
    sums = table(at, "count")
    usdt_deposits = [row for row in filed if (row["kind"], row["asset"]) == ("deposit", "USDT")]
    line = sums[(sums["kind"] == "Depósitos") & (sums["asset"] == "USDT")].iloc[0]
    assert line["count"] == len(usdt_deposits) == 3
    assert line["amount"] == float(sum(Decimal(row["amount"]) for row in usdt_deposits))
    assert sums["count"].sum() == ENTRIES
    text = words(at)
    assert "1 a 10 de 10" in text
    assert "1 lançamentos não têm preço da época" in text


def test_filters_and_search_are_in_the_url_and_hold_for_page_and_file(house: ScreenHouse, past: LedgerPast) -> None:
    at = house.screen(past.client, "ledger", account="all")
    at.selectbox(key="ledger_kind").set_value("deposit").run()
    assert at.query_params["kind"] == "deposit"
    assert len(table(at, "at", "txid")) == len(file_of(house, past.client, group="deposit")) == 3
    at.selectbox(key="ledger_kind").set_value("").run()
    at.text_input(key="ledger_text").set_value("REF-77").run()
    assert at.query_params["q"] == "REF-77"
    assert list(table(at, "at", "txid")["amount"]) == [-1.25]
    assert [row["ref"] for row in file_of(house, past.client, text="REF-77")] == ["ref-77"]
    at.text_input(key="ledger_text").set_value("%").run()
    assert "Nenhum lançamento corresponde" in words(at)
    assert not at.exception


def test_the_main_account_is_shown_unless_all_are_asked_for(house: ScreenHouse, past: LedgerPast) -> None:
    at = house.screen(past.client, "ledger")
    assert set(table(at, "at", "txid")["account"]) == {"Binance"}


def test_pages_follow_each_other_without_a_gap(house: ScreenHouse, past: LedgerPast) -> None:
    for n in range(95):
        past.book(past.one, f"p{n:03}", "funding", f"-0.{n + 1:03}", past.at - HOUR - timedelta(minutes=n // 3))
    at = house.screen(past.client, "ledger", account="all")
    assert "1 a 50 de 105" in words(at)
    seen = list(table(at, "at", "txid")["amount"])
    press(at, "Mais antigos")
    assert "51 a 100 de 105" in words(at)
    seen += list(table(at, "at", "txid")["amount"])
    press(at, "Mais antigos")
    assert "101 a 105 de 105" in words(at)
    seen += list(table(at, "at", "txid")["amount"])
    assert seen == [float(row["amount"]) for row in file_of(house, past.client)]
    press(at, "Mais novos")
    assert "51 a 100 de 105" in words(at)
    at.selectbox(key="ledger_kind").set_value("funding").run()
    assert "1 a 50 de 96" in words(at)
    assert not at.exception


def test_nonsense_and_foreign_ids_in_the_address_show_the_own_newest_entries(
    house: ScreenHouse, past: LedgerPast
) -> None:
    bia = house.person("bia")
    foreign = house.account(bia, "Segredo da Bia")
    for url in (
        {"account": str(foreign.id), "client": str(bia.id)},
        {"before": "nonsense.00000000", "kind": "all", "period": "x"},
        {"asset": "\0", "q": "\0"},
    ):
        at = house.screen(past.client, "ledger", login_age=SECOND, **url)
        assert not at.exception
        assert "Segredo da Bia" not in words(at)
        assert len(table(at, "at", "txid")) > 0


def test_a_pair_is_confirmed_and_that_is_undone(house: ScreenHouse, past: LedgerPast) -> None:
    at = house.screen(past.client, "ledger", account="all", show="transfers")
    text = words(at)
    assert "casado pelo id da transação" in text
    assert "taxa 1 USDT" in text
    assert "casado por quantidade e horário" in text
    press(at, "Confirmar", 1)  # the older of the two comes second
    [link] = links(house, past.client)
    assert (link.kind, link.said_by) == (LinkKind.PAIR, past.client.id)
    assert [leg.dedupe_key for leg in link.legs] == ["w1", "d1"]
    assert "confirmado por você" in words(at)
    press(at, "Desfazer")
    assert links(house, past.client) == []
    assert "casado pelo id da transação" in words(at)
    assert not at.exception


def test_a_pair_that_is_none_becomes_two_external_entries(house: ScreenHouse, past: LedgerPast) -> None:
    at = house.screen(past.client, "ledger", account="all", show="transfers")
    press(at, "Não é transferência")
    [link] = links(house, past.client)
    assert (link.kind, [leg.dedupe_key for leg in link.legs]) == (LinkKind.EXTERNAL, ["w2", "d2"])
    assert words(at).count("declarado externo por você") == 2
    press(at, "Desfazer")
    assert "declarado externo" not in words(at)


def test_money_on_its_way_is_linked_when_it_arrives(house: ScreenHouse, past: LedgerPast) -> None:
    past.book(past.one, "w9", "withdrawal", "-700", past.at - 4 * HOUR)
    at = house.screen(past.client, "ledger", account="all", show="transfers")
    press(at, "A caminho de um endereço meu")
    assert [link.kind for link in links(house, past.client)] == [LinkKind.PENDING]
    assert "a caminho, como informou uma pessoa" in words(at)
    past.book(past.two, "d9", "deposit", "699", past.at + 9 * HOUR)
    at.run()
    assert "Chegou algo parecido" in words(at)
    press(at, "Ligar")
    [link] = links(house, past.client)
    assert (link.kind, [leg.dedupe_key for leg in link.legs]) == (LinkKind.PAIR, ["w9", "d9"])
    assert not at.exception


def test_an_administrator_decides_for_a_client_and_the_client_sees_that(house: ScreenHouse, past: LedgerPast) -> None:
    root = house.admin()
    press(house.screen(root, "ledger", account="all", show="transfers", client=str(past.client.id)), "Confirmar")
    assert [link.said_by for link in links(house, past.client)] == [root.id]
    at = house.screen(past.client, "ledger", account="all", show="transfers")
    assert "confirmado por outra pessoa" in words(at)


def test_an_analyst_without_clients_sees_nothing_of_them(house: ScreenHouse, past: LedgerPast) -> None:
    eva = house.person("eva", role=Role.ANALYST)
    at = house.screen(eva, "ledger", account="all", show="transfers", client=str(past.client.id))
    assert not at.exception
    assert "Binance" not in words(at)
    assert not {"Confirmar", "Não é transferência", "Ligar"} & {button.label for button in at.button}


def test_a_client_without_an_account_is_offered_to_add_one(house: ScreenHouse) -> None:
    assert "Nenhuma conta de corretora ainda" in words(house.screen(house.person(), "ledger"))


def test_an_administrator_without_a_client_chooses_one_first(house: ScreenHouse) -> None:
    assert "Escolher um cliente" in [button.label for button in house.screen(house.admin(), "ledger").button]
