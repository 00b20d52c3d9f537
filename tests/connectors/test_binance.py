"""The Binance connector against scripted answers: what makes up an account, its positions and its ledger."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

import connectors
from connectors import _base
from connectors.binance.ledger import INCOME_KINDS, TRANSFERS
from connectors.binance.symbols import QUOTES, inverse_symbol, linear_symbol
from connectors.errors import (
    AuthAmbiguousError,
    BadResponseError,
    IpBannedError,
    NotSupportedError,
    PermissionMissingError,
    RateLimitedError,
)
from connectors.types import LedgerKind, Permissions, WalletAccount
from tests.connectors.cases import FIXTURES, make
from tests.connectors.servers import Asked, Reply, Script, ScriptServer, scripted

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
FEATURES = {"vipLevel": 0, "isMarginEnabled": False, "isFutureEnabled": True, "isPortfolioMarginRetailEnabled": False}
REFUSED = Reply({"code": -2015, "msg": "Invalid API-key, IP, or permissions for action."}, 401)
NO_ROWS: dict[str, Any] = {"rows": [], "total": 0}


def sample(name: str) -> Any:  # noqa: ANN401 - a wire payload
    return json.loads((FIXTURES / "samples" / "binance" / f"{name}.json").read_text())["body"]


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_base, "RETRY_SECONDS", 0.0)


@pytest.fixture
def script() -> Script:
    return {
        "/api/v3/time": Reply({"serverTime": 1_795_348_800_000}),
        "/api/v3/account": Reply(sample("spot_account_ld_tokens")),
        "/api/v3/ticker/price": Reply([]),
        "/sapi/v1/account/apiRestrictions": Reply(sample("key_permissions_read_only")),
        "/sapi/v1/account/info": Reply(FEATURES),
        "/sapi/v1/asset/get-funding-asset": Reply(sample("funding_wallet_frozen")),
        "/sapi/v1/simple-earn/flexible/position": [
            Reply(sample("earn_flexible_page1") | {"total": 103}),
            Reply(sample("earn_flexible_page2") | {"total": 103}),
        ],
        "/sapi/v1/simple-earn/locked/position": Reply(NO_ROWS),
        "/fapi/v3/account": Reply(sample("usdm_account_v3_with_pnl")),
        "/fapi/v3/positionRisk": Reply(sample("usdm_positions_v3_one_way")),
        "/fapi/v1/symbolConfig": Reply([{"symbol": "ADAUSDT", "marginType": "ISOLATED", "leverage": 20}]),
        "/dapi/v1/account": Reply(sample("coinm_account")),
        "/dapi/v1/positionRisk": Reply(sample("coinm_positions_hedge")),
        "/dapi/v1/exchangeInfo": Reply({"symbols": [{"symbol": "BTCUSD_201225", "contractSize": 100}]}),
        "/fapi/v1/income": Reply([]),
        "/dapi/v1/income": Reply([]),
        "/sapi/v1/capital/deposit/hisrec": Reply([]),
        "/sapi/v1/capital/withdraw/history": Reply([]),
        "/sapi/v1/asset/assetDividend": Reply(NO_ROWS),
        "/sapi/v1/fiat/orders": Reply({"code": "000000", "success": True, "data": [], "total": 0}),
        "/sapi/v1/asset/transfer": Reply({"total": 0}),
    }


@pytest.fixture
def server(script: Script) -> Iterator[ScriptServer]:
    with scripted(script) as running:
        yield running


@pytest.fixture
def binance(server: ScriptServer) -> connectors.Connector:
    return connect(server)


def connect(server: ScriptServer, **options: Any) -> connectors.Connector:  # noqa: ANN401 - handed on
    keys = options.pop("keys", ("spot", "usdm", "coinm", "pm"))
    return make("binance", hosts=dict.fromkeys(keys, server.url), clock=lambda: NOW, **options)


def by_name(binance: connectors.Connector) -> dict[str, WalletAccount]:
    return {wallet.wallet: wallet for wallet in binance.get_account_info().wallets}


def test_an_account_is_all_its_wallets_with_uid_and_mode(binance: connectors.Connector) -> None:
    info = binance.get_account_info()
    assert [wallet.wallet for wallet in info.wallets] == [
        "spot", "usdm", "coinm", "funding", "earn_flexible", "earn_locked",
    ]  # fmt: skip
    assert all(wallet.ok and wallet.reason is None for wallet in info.wallets)
    assert (info.uid, info.mode, info.as_of) == ("354937868", "classic", NOW)


def test_a_wallet_held_in_one_asset_states_its_sums(binance: connectors.Connector) -> None:
    wallets = by_name(binance)
    assert (wallets["coinm"].currency, wallets["coinm"].equity) == ("BTC", Decimal("0.00241969"))
    assert (wallets["usdm"].currency, wallets["usdm"].equity) == (None, None)


def test_earn_is_read_page_by_page(binance: connectors.Connector, server: ScriptServer) -> None:
    held = {balance.asset: balance.total for balance in by_name(binance)["earn_flexible"].balances}
    assert held == {"USDT": Decimal("75.46"), "BTC": Decimal("0.005"), "ETH": Decimal("1.25")}
    pages = [request.params["current"] for request in server.asked if "flexible" in request.path]
    assert pages == ["1", "2"]


def test_flexible_earn_that_fails_is_taken_from_its_copies_in_spot_and_says_so(
    binance: connectors.Connector, script: Script
) -> None:
    script["/sapi/v1/simple-earn/flexible/position"] = Reply({"code": -1016, "msg": "gone"}, 503)
    wallets = by_name(binance)
    assert (wallets["earn_flexible"].ok, wallets["earn_flexible"].reason) == (True, "ld_tokens")
    held = {balance.asset: balance.total for balance in wallets["earn_flexible"].balances}
    assert held == {"USDT": Decimal("75.46"), "BTC": Decimal("0.005")}
    assert not any(balance.asset.startswith("LDU") for balance in wallets["spot"].balances)


def test_only_the_wallets_asked_for_are_read(binance: connectors.Connector, server: ScriptServer) -> None:
    info = binance.get_account_info(wallets=["spot", "usdm"])
    assert [wallet.wallet for wallet in info.wallets] == ["spot", "usdm"]
    assert not any("earn" in path or "funding" in path for path in server.paths())


def test_what_the_account_does_not_use_is_not_read(
    binance: connectors.Connector, server: ScriptServer, script: Script
) -> None:
    script["/sapi/v1/account/info"] = Reply(FEATURES | {"isFutureEnabled": False})
    assert "usdm" not in by_name(binance)
    assert binance.get_futures_positions() == []
    assert not any(path.startswith(("/fapi", "/dapi")) for path in server.paths())


def test_features_are_asked_once_an_hour(binance: connectors.Connector, server: ScriptServer) -> None:
    binance.get_account_info()
    binance.get_account_info()
    assert server.paths().count("/sapi/v1/account/info") == 1


def test_unknown_features_fail_the_derivatives_and_leave_the_rest(
    binance: connectors.Connector, script: Script
) -> None:
    script["/sapi/v1/account/info"] = Reply({"code": -1016, "msg": "gone"}, 400)
    states = {name: (wallet.ok, wallet.reason) for name, wallet in by_name(binance).items()}
    assert states["spot"] == states["funding"] == (True, None)
    assert states["usdm"] == states["coinm"] == (False, "unknown")


def test_a_portfolio_margin_account_is_read_once_and_not_through_futures(
    binance: connectors.Connector, server: ScriptServer, script: Script
) -> None:
    script["/sapi/v1/account/info"] = Reply(sample("account_info_flags"))
    script["/papi/v1/account"] = Reply(sample("pm_account"))
    script["/papi/v1/balance"] = Reply(sample("pm_balance"))
    script["/papi/v1/um/positionRisk"] = Reply(sample("pm_um_positions_recorded"))
    script["/papi/v1/cm/positionRisk"] = Reply([])
    wallets = by_name(binance)
    assert (wallets["portfolio_margin"].currency, wallets["portfolio_margin"].equity) == (
        "USD",
        Decimal("122607.35137903"),
    )
    assert [position.wallet for position in binance.get_futures_positions()] == ["portfolio_margin"]
    assert not any(path.startswith(("/fapi", "/dapi", "/sapi/v1/margin")) for path in server.paths())


def test_isolated_margin_adds_up_over_pairs_and_shows_debt(binance: connectors.Connector, script: Script) -> None:
    leg = {"borrowed": "0", "free": "1", "interest": "0", "locked": "0.5", "netAsset": "1.5"}
    owed = {"asset": "USDT", "borrowed": "100", "free": "20", "interest": "1", "locked": "0", "netAsset": "-81"}
    pairs = [{"baseAsset": {"asset": name, **leg}, "quoteAsset": owed} for name in ("BTC", "ETH")]
    script["/sapi/v1/account/info"] = Reply(FEATURES | {"isMarginEnabled": True})
    script["/sapi/v1/margin/account"] = Reply({"userAssets": [{"asset": "BTC", **leg}]})
    script["/sapi/v1/margin/isolated/account"] = Reply({"assets": pairs})
    held = {balance.asset: balance for balance in by_name(binance)["margin_isolated"].balances}
    assert (held["USDT"].total, held["USDT"].debt, held["USDT"].equity) == (Decimal(40), Decimal(202), Decimal(-162))
    assert held["BTC"].total == Decimal("1.5")


def test_one_failing_wallet_leaves_the_others(binance: connectors.Connector, script: Script) -> None:
    script["/sapi/v1/asset/get-funding-asset"] = Reply([{"asset": "USDT", "free": "-1"}])
    states = {name: (wallet.ok, wallet.reason) for name, wallet in by_name(binance).items()}
    assert states.pop("funding") == (False, "bad_response")
    assert all(state == (True, None) for state in states.values())


def test_futures_without_permission_while_spot_works_is_a_missing_permission(
    binance: connectors.Connector, script: Script
) -> None:
    script["/fapi/v3/account"] = REFUSED
    assert by_name(binance)["usdm"].reason == "permission_missing"


def test_a_key_refused_everywhere_stays_ambiguous_and_raises(binance: connectors.Connector, script: Script) -> None:
    for path in ("/sapi/v1/account/info", "/sapi/v1/account/apiRestrictions", "/api/v3/account"):
        script[path] = REFUSED
    with pytest.raises(AuthAmbiguousError):
        binance.get_account_info()
    with pytest.raises(AuthAmbiguousError):
        binance.get_permissions()


def test_a_refused_product_of_a_good_key_is_a_missing_permission(binance: connectors.Connector, script: Script) -> None:
    script["/fapi/v3/positionRisk"] = REFUSED
    with pytest.raises(PermissionMissingError) as caught:
        binance.get_futures_positions()
    assert (caught.value.path, caught.value.venue_code) == ("/fapi/v3/positionRisk", "-2015")


def test_a_ban_at_any_wallet_stops_the_reading(binance: connectors.Connector, script: Script) -> None:
    script["/sapi/v1/asset/get-funding-asset"] = Reply({"code": -1003, "msg": "banned"}, 418, {"Retry-After": "120"})
    with pytest.raises(IpBannedError) as caught:
        binance.get_account_info()
    assert caught.value.retry_after == 120


def test_a_limit_says_whether_it_is_the_accounts_or_the_addresss(binance: connectors.Connector, script: Script) -> None:
    script["/sapi/v1/fiat/orders"] = script["/api/v3/account"] = Reply({"code": -1003, "msg": "too many"}, 429)
    with pytest.raises(RateLimitedError) as caught:
        binance.get_ledger(NOW - timedelta(days=1), NOW)
    assert caught.value.scope == "uid"
    with pytest.raises(RateLimitedError) as caught:
        binance.get_spot_balances()
    assert caught.value.scope == "ip"


def test_permissions_carry_the_accounts_uid(binance: connectors.Connector) -> None:
    assert binance.get_permissions() == Permissions(True, False, False, False, True, uid="354937868")


def test_a_testnet_account_never_asks_the_wallet_api(server: ScriptServer) -> None:
    binance = connect(server, testnet=True, keys=("spot", "usdm", "coinm"))
    assert binance.get_permissions() == Permissions(True, None, None, None, None, uid="354937868")
    assert [wallet.wallet for wallet in binance.get_account_info().wallets] == ["spot", "usdm", "coinm"]
    assert len(binance.get_futures_positions()) == 2
    assert binance.get_ledger(NOW - timedelta(days=1), NOW) == []
    assert not any(path.startswith("/sapi") for path in server.paths())


def test_positions_are_joined_with_leverage_and_contract_size(binance: connectors.Connector) -> None:
    ada, btc = binance.get_futures_positions()
    assert (ada.symbol, ada.leverage, ada.margin_mode, ada.hedged) == ("ADA/USDT:USDT", Decimal(20), "isolated", False)
    assert (btc.symbol, btc.contract_size, btc.hedged, btc.inverse) == ("BTC/USD:BTC-201225", Decimal(100), True, True)
    assert round(btc.size_base, 12) == round(Decimal(100) / Decimal("11788.66626667"), 12)


def test_flat_accounts_cost_no_settings(binance: connectors.Connector, server: ScriptServer, script: Script) -> None:
    script["/fapi/v3/positionRisk"] = script["/dapi/v1/positionRisk"] = Reply([])
    assert binance.get_futures_positions() == []
    assert not {"/fapi/v1/symbolConfig", "/dapi/v1/exchangeInfo"} & set(server.paths())


def test_a_position_answer_without_amounts_is_a_bad_answer(binance: connectors.Connector, script: Script) -> None:
    script["/dapi/v1/positionRisk"] = Reply([{"symbol": "BTCUSD_PERP"}])
    with pytest.raises(BadResponseError):
        binance.get_futures_positions(wallets=["coinm"])


def income(**row: object) -> dict[str, object]:
    usual = {"symbol": "BTCUSDT", "incomeType": "FUNDING_FEE", "income": "-1", "asset": "USDT", "tradeId": ""}
    return {**usual, **row}


def serve_income(rows: list[dict[str, Any]], limit: int) -> Any:  # noqa: ANN401 - a script entry
    """Answer as the exchange does: rows between startTime and endTime inclusive, oldest first, at most `limit`."""

    def answer(request: Asked) -> Reply:
        start, end = int(request.params["startTime"]), int(request.params["endTime"])
        fits = [row for row in rows if start <= int(row["time"]) <= end]
        return Reply(fits[:limit])

    return answer


def test_income_is_walked_by_time_and_equal_instants_at_a_page_edge_are_neither_lost_nor_doubled(
    binance: connectors.Connector, script: Script
) -> None:
    start = int((NOW - timedelta(hours=1)).timestamp() * 1000)
    rows = [income(time=start + index // 3, tranId=index) for index in range(2_500)]
    script["/fapi/v1/income"] = serve_income(rows, 1_000)
    entries = binance.get_ledger(NOW - timedelta(days=200), NOW, wallets=["usdm"])
    assert [entry.id for entry in entries] == [str(index) for index in range(2_500)]
    assert len({entry.dedupe_key for entry in entries}) == 2_500


def test_one_number_under_two_types_is_two_entries(binance: connectors.Connector, script: Script) -> None:
    at = int((NOW - timedelta(hours=1)).timestamp() * 1000)
    pair = [income(time=at, tranId=9, incomeType=kind, tradeId="5") for kind in ("REALIZED_PNL", "COMMISSION")]
    script["/fapi/v1/income"] = Reply(pair)
    entries = binance.get_ledger(NOW - timedelta(days=1), NOW, wallets=["usdm"])
    assert [entry.kind for entry in entries] == [LedgerKind.REALIZED_PNL, LedgerKind.FEE]


def test_income_older_than_the_exchange_keeps_is_not_asked_for(
    binance: connectors.Connector, server: ScriptServer
) -> None:
    binance.get_ledger(NOW - timedelta(days=400), NOW, wallets=["usdm"])
    first = min(int(request.params["startTime"]) for request in server.asked if request.path == "/fapi/v1/income")
    assert first >= int((NOW - timedelta(days=90)).timestamp() * 1000)


def test_the_ledger_joins_all_histories_in_order_of_time(binance: connectors.Connector, script: Script) -> None:
    at = int((NOW - timedelta(hours=2)).timestamp() * 1000)
    deposit = {"id": "d", "amount": "5", "coin": "USDT", "status": 1, "insertTime": at, "txId": "x", "transferType": 1}
    pix = {"orderNo": "p", "fiatCurrency": "BRL", "amount": "100", "totalFee": "1.5", "updateTime": at + 2_000}
    failed = {**pix, "orderNo": "q", "status": "Failed"}

    def fiat(request: Asked) -> Reply:
        rows = [{**pix, "orderNo": f"p{request.params['transactionType']}", "status": "Successful"}, failed]
        return Reply({"code": "000000", "success": True, "data": rows, "total": 2})

    script["/sapi/v1/capital/deposit/hisrec"] = Reply([deposit])
    script["/sapi/v1/fiat/orders"] = fiat
    script["/fapi/v1/income"] = Reply([income(time=at + 1_000, tranId=1)])
    entries = binance.get_ledger(NOW - timedelta(days=30), NOW)
    assert [(entry.kind.value, entry.asset, entry.amount, entry.internal) for entry in entries] == [
        ("deposit", "USDT", 5, True),
        ("funding", "USDT", -1, None),
        ("deposit", "BRL", 100, None),
        ("withdrawal", "BRL", -100, None),
        ("fee", "BRL", Decimal("-1.5"), None),
    ]
    assert entries[-1].dedupe_key == "fiat:p1:fee"


def test_rows_outside_the_span_are_left_out(binance: connectors.Connector, script: Script) -> None:
    late = int((NOW + timedelta(hours=1)).timestamp() * 1000)
    script["/fapi/v1/income"] = Reply([income(time=late, tranId=1)])
    assert binance.get_ledger(NOW - timedelta(days=1), NOW) == []


def test_long_spans_are_cut_into_the_windows_the_exchange_allows(
    binance: connectors.Connector, server: ScriptServer
) -> None:
    binance.get_ledger(NOW - timedelta(days=200), NOW, wallets=["spot"])
    spans = [
        int(request.params["endTime"]) - int(request.params["startTime"])
        for request in server.asked
        if request.path == "/sapi/v1/capital/deposit/hisrec"
    ]
    assert len(spans) == 3
    assert max(spans) < 90 * 86_400_000
    assert server.paths().count("/sapi/v1/fiat/orders") == 2


def test_prices_are_split_into_asset_and_quote(binance: connectors.Connector, script: Script) -> None:
    rows = [*sample("ticker_price_all"), {"symbol": "ADAEUR", "price": "0.3"}, {"symbol": "???", "price": "1"}]
    script["/api/v3/ticker/price"] = Reply(rows)
    prices = {(price.asset, price.quote): price.value for price in binance.get_prices()}
    assert prices["USDT", "BRL"] == Decimal("5.45")
    assert prices["ADA", "EUR"] == Decimal("0.3")
    assert len(prices) == 7
    assert all(price.as_of == NOW for price in binance.get_prices())


def test_closed_positions_are_not_offered(binance: connectors.Connector) -> None:
    with pytest.raises(NotSupportedError):
        binance.get_closed_positions(NOW, NOW)


@pytest.mark.parametrize(
    ("venue", "settle", "symbol"),
    [
        ("BTCUSDT", None, "BTC/USDT:USDT"),
        ("ETHBTC", "BTC", "ETH/BTC:BTC"),
        ("BTCUSDT_261225", "USDT", "BTC/USDT:USDT-261225"),
        ("1000SHIBUSDC", "USDC", "1000SHIB/USDC:USDC"),
        ("ETHUSDT", "BNFCR", "ETH/USDT:BNFCR"),
        ("USDT", None, None),
    ],
)
def test_linear_symbols(venue: str, settle: str | None, symbol: str | None) -> None:
    found = linear_symbol(venue, settle)
    assert (found[0] if found else None) == symbol


@pytest.mark.parametrize(
    ("venue", "symbol"), [("BTCUSD_PERP", "BTC/USD:BTC"), ("ETHUSD_261225", "ETH/USD:ETH-261225"), ("BTCUSDT", None)]
)
def test_inverse_symbols(venue: str, symbol: str | None) -> None:
    found = inverse_symbol(venue)
    assert (found[0] if found else None) == symbol


def test_no_quote_swallows_the_end_of_a_coins_name_in_a_shorter_quote() -> None:
    longer = {long for long in QUOTES for short in QUOTES if long != short and long.endswith(short)}
    assert longer == set()


def test_no_income_type_is_both_a_transfer_and_something_else() -> None:
    assert not TRANSFERS & set(INCOME_KINDS)
