"""Single answers of Gate.io: isolated and lent money counts once, rights, regions, labels, dated contracts."""

from decimal import Decimal
from typing import Any

import pytest

from connectors.errors import (
    BadRequestError,
    BadResponseError,
    CredentialError,
    ExchangeError,
    IpNotAllowedError,
    MaintenanceError,
    RateLimitedError,
    UnknownExchangeError,
    WrongAccountModeError,
)
from tests.connectors.cases import make
from tests.connectors.gateio.calls import (
    API,
    DETAIL,
    EARN,
    KEYS,
    MODE,
    UNIFIED_ACCOUNTS,
    ZERO,
    at,
    by_name,
    read_one,
    refusal,
    sample,
    totals,
)
from tests.connectors.servers import Asked, Reply, Script, scripted


def unified_body(mode: str, **changes: object) -> dict[str, Any]:
    body: dict[str, Any] = sample("unified_accounts").body
    return {**body, "mode": mode, **changes}


def test_isolated_money_of_a_multi_currency_account_is_part_of_its_coins() -> None:
    script: Script = {MODE: Reply({"mode": "multi_currency"}), UNIFIED_ACCOUNTS: sample("unified_accounts")}
    with scripted(script) as server:
        (wallet,) = at(server).get_account_info(wallets=["unified"]).wallets
    usdt = next(row for row in wallet.balances if row.asset == "USDT")
    assert (usdt.total, usdt.equity, usdt.locked, usdt.debt) == tuple(map(Decimal, (1000, 825, 100, 200)))
    assert (wallet.equity, wallet.currency) == (Decimal(4825), "USD")
    assert sum((row.equity or ZERO) * {"ETH": 2000, "USDT": 1}[row.asset] for row in wallet.balances) == wallet.equity


def test_isolated_money_of_a_portfolio_account_lies_beside_its_cross_money_with_its_result() -> None:
    held = sample("futures_positions_decimal_size").body
    cross = {**held[0], "contract": "BTC_USDT", "size": "1", "pos_margin_mode": "cross", "unrealised_pnl": "7"}
    account = {**sample("futures_account").body, "isolated_position_margin": "230000"}
    script: Script = {
        MODE: Reply({"mode": "portfolio"}),
        UNIFIED_ACCOUNTS: Reply(unified_body("portfolio")),
        EARN: Reply([]),
        f"{API}/futures/usdt/accounts": Reply(account),
        f"{API}/futures/btc/accounts": refusal("USER_NOT_FOUND"),
        f"{API}/futures/usdt/positions": Reply([*held, cross]),
        f"{API}/futures/btc/positions": refusal("USER_NOT_FOUND"),
        f"{API}/delivery/usdt/positions": refusal("USER_NOT_FOUND"),
        f"{API}/delivery/btc/positions": refusal("USER_NOT_FOUND"),
        f"{API}/futures/usdt/contracts": sample("futures_contracts_usdt"),
    }
    with scripted(script) as server:
        connector = at(server)
        info, positions = connector.get_account_info(), connector.get_futures_positions()
    wallets = by_name(info.wallets)
    assert (info.mode, [wallet.ok for wallet in info.wallets]) == ("portfolio_margin", [True] * 4)
    (row,) = wallets["futures_linear"].balances
    assert (row.asset, row.total, row.unrealized_pnl, row.equity) == (
        "USDT",
        *map(Decimal, (230_000, 432, 230_432)),
    )
    assert totals(wallets["unified"].balances) == {"ETH": 2, "USDT": 950}
    assert wallets["futures_inverse"].balances == ()
    assert [(item.venue_symbol, item.wallet) for item in positions] == [
        ("LAB_USDT", "futures_linear"),
        ("BTC_USDT", "unified"),
    ]


@pytest.mark.parametrize(
    ("uses", "funding", "left"), [(False, "0", "20.999992"), (True, "20.999992", None), (True, "20", "0.999992")]
)
def test_earn_money_that_serves_as_margin_counts_once(uses: bool, funding: str, left: str | None) -> None:
    body = unified_body("multi_currency", use_funding=uses)
    body["balances"]["BTC"] = {**body["balances"]["ETH"], "available": "0", "freeze": "0", "funding": funding}
    script: Script = {
        MODE: Reply({"mode": "multi_currency"}),
        UNIFIED_ACCOUNTS: Reply(body),
        EARN: sample("earn_uni_lends"),
    }
    with scripted(script) as server:
        wallets = by_name(at(server).get_account_info().wallets)
        assert server.paths().count(UNIFIED_ACCOUNTS) == 1
    assert totals(wallets["earn"].balances) == ({"BTC": Decimal(left)} if left else {})


def test_earn_without_the_unified_wallet_it_may_be_part_of_is_not_guessed() -> None:
    script: Script = {
        MODE: Reply({"mode": "single_currency"}),
        UNIFIED_ACCOUNTS: refusal("USER_NOT_FOUND"),
        EARN: sample("earn_uni_lends"),
    }
    with scripted(script) as server, pytest.raises(WrongAccountModeError):
        at(server).get_account_info()


def test_earn_is_read_page_by_page() -> None:
    row = sample("earn_uni_lends").body[0]
    pages = [[{**row, "currency": f"C{number}"} for number in range(100)], [{**row, "lent_amount": "1"}]]

    def answer(request: Asked) -> Reply:
        assert request.params["limit"] == "100"
        return Reply(pages[int(request.params["page"]) - 1])

    with scripted({MODE: Reply({"mode": "classic"}), EARN: answer}) as server:
        (wallet,) = at(server).get_account_info(wallets=["earn"]).wallets
    assert len(wallet.balances) == 101
    assert (wallet.balances[-1].free, wallet.balances[-1].locked) == (Decimal("19.999992"), Decimal(1))


def test_the_region_chooses_the_host_and_nothing_else() -> None:
    hosts = {region: make("gateio", options={"region": region}) for region in ("global", "eu", "us")}
    bases = {region: connector._settings.hosts["rest"] for region, connector in hosts.items()}  # type: ignore[attr-defined]
    assert bases == {
        "global": "https://api.gateio.ws",
        "eu": "https://api.gateeu.com",
        "us": "https://api.gate.us",
    }
    given = make("gateio", options={"region": "eu"}, hosts={"rest": "http://127.0.0.1:1"})
    assert given._settings.hosts == {"rest": "http://127.0.0.1:1"}  # type: ignore[attr-defined]
    with pytest.raises(CredentialError):
        make("gateio", options={"region": "moon"})


@pytest.mark.parametrize(
    ("writes", "trade", "transfer"),
    [
        ([], False, False),
        (["account"], False, False),
        (["futures"], True, False),
        (["wallet"], False, True),
        (["margin", "custody"], True, True),
        (["brand_new"], None, None),
        (["brand_new", "spot"], True, None),
    ],
)
def test_a_group_that_is_not_known_leaves_open_what_writing_to_it_allows(
    writes: list[str], trade: bool | None, transfer: bool | None
) -> None:
    row = sample("main_keys").body[0]
    row["perms"] += [{"name": name, "read_only": False} for name in writes]
    found = read_one("/account/main_keys", [row])["by_key"]["c5dcfbf1f3a7"]
    assert (found["can_trade"], found["can_transfer"], found["can_withdraw"]) == (trade, transfer, None)


@pytest.mark.parametrize("name", ["withdraw", "Withdrawal"])
def test_a_group_that_names_withdrawals_is_one_should_it_ever_be_listed(name: str) -> None:
    (row, _other) = sample("main_keys").body
    script: Script = {DETAIL: sample("account_detail")}
    for read_only, withdraw in ((False, True), (True, None)):
        row["perms"] = [{"name": "spot", "read_only": True}, {"name": name, "read_only": read_only}]
        with scripted({**script, KEYS: Reply([row])}) as server:
            found = at(server, api_key="c5dcfbf1f3a7" + "0" * 20).get_permissions()
        assert (found.trade, found.transfer, found.withdraw) == (False, False, withdraw)


def test_a_key_that_is_told_without_its_text_is_the_one_in_use() -> None:
    (row, _other) = sample("main_keys").body
    row = {**row, "key": {"mode": 1}, "perms": [{"name": "wallet", "read_only": False}]}
    with scripted({KEYS: Reply(row), DETAIL: sample("account_detail")}) as server:
        found = at(server).get_permissions()
    assert (found.read, found.trade, found.withdraw) == (True, False, True)


def test_two_keys_that_look_the_same_have_the_wider_rights() -> None:
    (narrow, wide) = sample("main_keys").body
    wide["key"] = narrow["key"]
    for keys in ([narrow, wide], [wide, narrow]):
        found = read_one("/account/main_keys", keys)["by_key"]["c5dcfbf1f3a7"]
        assert (found["can_trade"], found["can_transfer"], found["ip_restricted"]) == (True, True, False)


def test_where_keys_cannot_be_listed_their_rights_are_unknown() -> None:
    script: Script = {KEYS: refusal("NOT_FOUND", 404), DETAIL: sample("account_detail")}
    with scripted(script) as server:
        found = at(server).get_permissions()
    assert (found.read, found.trade, found.transfer, found.withdraw) == (None, None, None, None)


@pytest.mark.parametrize(("label", "ok"), [("NOT_FOUND", True), ("INVALID_PARAM_VALUE", False)])
def test_an_older_margin_wallet_that_is_gone_is_empty_and_no_failure(label: str, ok: bool) -> None:
    cross = f"{API}/margin/cross/accounts"
    script: Script = {MODE: Reply({"mode": "classic"}), EARN: Reply([]), cross: refusal(label)}
    with scripted(script) as server:
        wallets = by_name(at(server).get_account_info(wallets=["margin_cross", "earn"]).wallets)
    assert (wallets["margin_cross"].ok, wallets["margin_cross"].balances) == (ok, ())


def test_a_key_that_is_told_alone_is_read_as_a_list_of_one() -> None:
    (first, _second) = sample("main_keys").body
    assert list(read_one("/account/main_keys", first)["by_key"]) == ["c5dcfbf1f3a7"]


def test_of_two_listed_keys_that_fit_the_wider_rights_count() -> None:
    keys = sample("main_keys").body
    keys[1]["key"] = "c5dcfbf1*****"
    script: Script = {KEYS: Reply(keys), DETAIL: sample("account_detail")}
    with scripted(script) as server:
        found = at(server, api_key="c5dcfbf1f3a7" + "0" * 20).get_permissions()
        other = at(server, api_key="1" * 32).get_permissions()
    assert (found.trade, found.transfer, found.withdraw) == (True, True, True)
    assert (other.read, other.trade, other.transfer, other.withdraw) == (None, None, None, None)


@pytest.mark.parametrize(
    ("status", "body", "error", "retryable"),
    [
        (500, {"label": "NOT_KNOWN", "message": ""}, MaintenanceError, True),
        (500, b"<html></html>", UnknownExchangeError, True),
        (503, b"", MaintenanceError, True),
        (429, b"", RateLimitedError, True),
        (429, {"label": "NOT_KNOWN"}, RateLimitedError, True),
        (403, {"label": "IP_FORBIDDEN"}, IpNotAllowedError, False),
        (400, {"label": "USER_NOT_FOUND"}, UnknownExchangeError, False),
        (400, {"label": "METHOD_NOT_ALLOWED"}, BadRequestError, False),
        (403, b"<html></html>", UnknownExchangeError, False),
    ],
)
def test_the_label_speaks_first_and_then_the_status(
    status: int, body: object, error: type[ExchangeError], retryable: bool
) -> None:
    with pytest.raises(error) as caught:
        read_one("/spot/accounts", body, status)
    assert caught.value.retryable is retryable


def test_a_dated_contract_is_named_by_its_day() -> None:
    row = {**sample("futures_positions").body[0], "contract": "BTC_USDT_20260327"}
    found = make("gateio").read_answer(
        "GET",
        f"{API}/delivery/usdt/positions",
        status=200,
        headers={},
        body=[row],
        context={"contracts": {"BTC_USDT_20260327": {"quanto_multiplier": "0.0001", "type": "direct"}}},
    )["positions"]
    assert [(item["symbol"], item["wallet"]) for item in found] == [("BTC/USDT:USDT-260327", "delivery_linear")]


@pytest.mark.parametrize("turns", [True, False], ids=["pages", "one list again and again"])
def test_positions_beyond_the_first_page_are_read_and_several_of_one_contract_kept(turns: bool) -> None:
    row = {**sample("futures_positions").body[0], "contract": "BTC_USDT"}
    rows = [{**row, "entry_price": str(number + 1)} for number in range(250)]

    def answer(request: Asked) -> Reply:
        first, size = int(request.params["offset"]) if turns else 0, int(request.params["limit"])
        return Reply(rows[first : first + size])

    script: Script = {
        MODE: Reply({"mode": "classic"}),
        f"{API}/futures/usdt/positions": answer,
        f"{API}/futures/usdt/contracts": sample("futures_contracts_usdt"),
    }
    with scripted(script) as server:
        found = at(server).get_futures_positions(wallets=["futures_linear"])
    assert [item.entry_price for item in found] == [Decimal(number + 1) for number in range(250 if turns else 100)]


def test_a_position_in_a_contract_without_metadata_is_no_reading() -> None:
    with pytest.raises(BadResponseError):
        read_one("/futures/usdt/positions", sample("futures_positions").body)
