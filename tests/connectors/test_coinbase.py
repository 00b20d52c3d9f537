"""The Coinbase connector reads the sandbox's truth to the last digit and nothing twice, and names each refusal."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

import connectors
from connectors import _base, _pace
from connectors._base import RestConnector
from connectors.coinbase import endpoints
from connectors.errors import (
    AccountRestrictedError,
    AuthAmbiguousError,
    BadResponseError,
    CredentialError,
    ExchangeError,
    PermissionMissingError,
    RateLimitedError,
)
from connectors.sandbox import Fault, FaultKind, Sandbox, SandboxConfig
from connectors.sandbox.model import Event
from connectors.types import Balance, LedgerEntry, LedgerKind, Permissions, WalletAccount
from tests.connectors.cases import make, secret_for
from tests.connectors.servers import Reply, Script, ScriptServer, scripted

NOW = datetime(2026, 2, 14, 15, 30, 20, 250_000, tzinfo=UTC)
NAMES = ["good", "spot", "empty", "dust", "one_way"]
SPANS = [
    (datetime(2026, 1, 1, tzinfo=UTC), NOW),
    (datetime(2026, 1, 20, 3, 4, 5, tzinfo=UTC), datetime(2026, 2, 9, 17, tzinfo=UTC)),
    (datetime(2026, 2, 12, tzinfo=UTC), datetime(2026, 2, 14, tzinfo=UTC)),
]
V3 = "/api/v3/brokerage"
ACCOUNTS, SUMMARY, RIGHTS = f"{V3}/accounts", f"{V3}/cfm/balance_summary", f"{V3}/key_permissions"
FILLS, TIME = f"{V3}/orders/historical/fills", f"{V3}/time"
MINE = {"can_view": True, "can_trade": False, "can_transfer": False, "portfolio_uuid": "p", "portfolio_type": "DEFAULT"}
NO_ACCOUNTS = {"accounts": [], "has_next": False, "cursor": ""}
ZERO = Decimal(0)


def still() -> SandboxConfig:
    return SandboxConfig(opened_on=date(2026, 1, 1), clock=lambda: NOW, exchanges=("coinbase",), enforce_limits=False)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_base, "RETRY_SECONDS", 0.0)
    monkeypatch.setattr(_pace, "LONGEST_WINDOW_SECONDS", 0)


@pytest.fixture(scope="module")
def quiet() -> Iterator[Sandbox]:
    """Serve a world at a standstill, that no test changes."""
    with Sandbox(still()) as running:
        yield running


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """Serve a world at a standstill, whose keys and faults a test may change."""
    with Sandbox(still()) as running:
        yield running


def connect(sandbox: Sandbox, name: str, **changes: Any) -> RestConnector:  # noqa: ANN401 - handed on
    key = sandbox.key("coinbase", name)
    given = {"api_key": key.api_key, "api_secret": key.api_secret, "passphrase": None, "clock": lambda: NOW}
    connector = make("coinbase", hosts=sandbox.hosts()["coinbase"], **{**given, **changes})
    assert isinstance(connector, RestConnector)
    return connector


def at(server: ScriptServer) -> connectors.Connector:
    return make("coinbase", hosts={"rest": server.url}, clock=lambda: NOW)


def uid(sandbox: Sandbox, name: str) -> str:
    return sandbox.key("coinbase", name).uid


def coin(asset: str, wallet: str = "spot") -> str:
    """Name an asset of the world as Coinbase does: its dollar is USDC, in the derivatives account USD."""
    return asset if asset != "USDT" else "USD" if wallet == "futures_linear" else "USDC"


def true(sandbox: Sandbox, name: str, wallet: str) -> dict[str, Decimal]:
    amounts = sandbox.world.book(uid(sandbox, name), NOW).amounts(wallet)
    return {coin(asset, wallet): amount for asset, amount in amounts.items()}


def totals(wallet: WalletAccount) -> dict[str, Decimal]:
    return {balance.asset: balance.total for balance in wallet.balances}


def wallets_of(connector: connectors.Connector) -> dict[str, WalletAccount]:
    return {wallet.wallet: wallet for wallet in connector.get_account_info().wallets}


def asked(sandbox: Sandbox) -> dict[str, int]:
    counts: defaultdict[str, int] = defaultdict(int)
    for row in sandbox.requests.rows():
        counts[row["path"]] += row["count"]
    return counts


@pytest.mark.parametrize("name", NAMES)
def test_every_wallet_is_read_exactly_and_nothing_twice(quiet: Sandbox, name: str) -> None:
    wallets, book = wallets_of(connect(quiet, name)), quiet.world.book(uid(quiet, name), NOW)
    assert {wallet.wallet: wallet.ok for wallet in wallets.values()} == {"spot": True, "cfm": True, "vault": True}
    assert totals(wallets["spot"]) == true(quiet, name, "spot")
    assert totals(wallets["vault"]) == true(quiet, name, "earn")
    assert totals(wallets["cfm"]) == true(quiet, name, "futures_linear")
    locked = {balance.asset: balance.locked for balance in wallets["spot"].balances if balance.locked}
    assert locked == {coin(asset): amount for asset, amount in book.locked.items()}
    assert all(row.free == row.total - (row.locked or 0) for row in wallets["spot"].balances)


@pytest.mark.parametrize("name", ["good", "one_way"])
def test_the_derivatives_wallet_holds_its_open_result_once(quiet: Sandbox, name: str) -> None:
    cfm = wallets_of(connect(quiet, name))["cfm"]
    pnl = quiet.world.book(uid(quiet, name), NOW).unrealized("futures_linear")["USDT"]
    cash = true(quiet, name, "futures_linear")["USD"]
    assert (cfm.currency, cfm.wallet_balance, cfm.unrealized_pnl, cfm.equity) == ("USD", cash, pnl, cash + pnl)
    assert [(row.asset, row.equity, row.unrealized_pnl) for row in cfm.balances] == [("USD", cash + pnl, pnl)]
    assert pnl


def test_an_account_without_derivatives_has_an_empty_wallet_and_is_not_asked_again(sandbox: Sandbox) -> None:
    connector = connect(sandbox, "spot")
    for _ in range(2):
        assert wallets_of(connector)["cfm"].balances == ()
        assert connector.get_futures_positions() == []
    assert asked(sandbox)[SUMMARY] == 1


def test_pages_of_accounts_are_walked_to_the_end(quiet: Sandbox) -> None:
    pages = [page.balances or () for page in connect(quiet, "dust").pages(endpoints.ACCOUNTS, {"limit": "100"})]
    assert [len(page) for page in pages][:2] == [100, 100]
    assert {row.asset: row.total for page in pages for row in page} == true(quiet, "dust", "spot")


@pytest.mark.parametrize("name", NAMES)
def test_positions_are_the_ones_held(quiet: Sandbox, name: str) -> None:
    found = connect(quiet, name).get_futures_positions()
    assert sorted(
        (
            item.symbol,
            item.side,
            item.size_base,
            item.contracts,
            item.entry_price,
            item.mark_price,
            item.unrealized_pnl,
        )
        for item in found
    ) == sorted(
        (
            f"{held.base}/USD:USD-301220",
            held.side,
            held.size,
            held.size / size,
            held.entry,
            held.mark,
            held.unrealized,
        )
        for held in quiet.world.book(uid(quiet, name), NOW).positions
        for size in [item.contract_size for item in found if item.symbol.startswith(f"{held.base}/")]
        if size
    )
    assert {(item.wallet, item.settle_asset, item.inverse, item.contract_size_unit) for item in found} == {
        ("cfm", "USD", False, item.symbol.split("/")[0]) for item in found
    }
    assert len(found) == len(quiet.world.book(uid(quiet, name), NOW).positions)
    assert bool(found) is (name in ("good", "one_way"))


def test_contract_sizes_are_asked_for_once(sandbox: Sandbox) -> None:
    connector = connect(sandbox, "good")
    assert connector.get_futures_positions() == connector.get_futures_positions() != []
    assert asked(sandbox)[f"{V3}/market/products"] == 1
    assert connector.get_futures_positions(wallets=["spot"]) == []


def ledger(sandbox: Sandbox, name: str, since: datetime, until: datetime = NOW) -> list[LedgerEntry]:
    return connect(sandbox, name).get_ledger(since, until)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("since", "until"), SPANS)
def test_the_ledger_explains_every_change_of_spot_and_vault(
    quiet: Sandbox, name: str, since: datetime, until: datetime
) -> None:
    moved: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    entries = ledger(quiet, name, since, until)
    for entry in entries:
        moved[entry.wallet, entry.asset] += entry.amount
    before, after = (quiet.world.book(uid(quiet, name), moment).wallets for moment in (since, until))
    for wallet, ours in (("spot", "spot"), ("earn", "vault")):
        one, other = before.get(wallet, {}), after.get(wallet, {})
        changes = {coin(asset): other.get(asset, ZERO) - one.get(asset, ZERO) for asset in one.keys() | other.keys()}
        told = {asset: amount for (its_wallet, asset), amount in moved.items() if its_wallet == ours and amount}
        assert told == {asset: change for asset, change in changes.items() if change}, wallet
    assert len({(entry.wallet, entry.dedupe_key) for entry in entries}) == len(entries)
    assert [entry.booked_at for entry in entries] == sorted(entry.booked_at for entry in entries)


def events(sandbox: Sandbox, name: str, *kinds: LedgerKind) -> list[Event]:
    lived = sandbox.world.events(uid(sandbox, name), sandbox.world.opened_at, NOW)
    return [event for event in lived if event.kind in kinds and event.counts]


@pytest.mark.parametrize("name", ["good", "spot", "one_way"])
def test_money_from_and_to_outside_is_told_once_without_the_networks_fee(quiet: Sandbox, name: str) -> None:
    outside = (LedgerKind.DEPOSIT, LedgerKind.WITHDRAWAL)
    told = [entry for entry in ledger(quiet, name, quiet.world.opened_at) if entry.kind in outside]
    assert sorted((entry.kind, entry.asset, entry.amount, entry.booked_at) for entry in told) == sorted(
        (event.kind, coin(event.asset), event.amount, event.at.replace(microsecond=0))
        for event in events(quiet, name, *outside)
    )
    assert {entry.internal for entry in told} == {False}


def test_network_fees_and_commissions_are_entries_of_their_own(quiet: Sandbox) -> None:
    fees = [entry for entry in ledger(quiet, "good", quiet.world.opened_at) if entry.kind is LedgerKind.FEE]
    lived = [event for event in events(quiet, "good", LedgerKind.FEE)]
    for wallet, ours in (("spot", "spot"), ("futures_linear", "cfm")):
        expected = sorted((coin(event.asset, wallet), event.amount) for event in lived if event.wallet == wallet)
        assert sorted((entry.asset, entry.amount) for entry in fees if entry.wallet == ours) == expected != []
    bases = {event.base for event in lived if event.wallet == "futures_linear"}
    assert {entry.symbol for entry in fees if entry.wallet == "cfm"} == {f"{base}/USD:USD-301220" for base in bases}
    network = [entry for entry in fees if entry.dedupe_key.endswith(":fee")]
    assert {entry.amount for entry in network} == {Decimal(-1)}


def test_the_commission_of_an_expired_contract_is_booked_by_its_sisters_coin() -> None:
    fill = {"entry_id": "1", "trade_time": "2026-02-10T00:00:00Z", "price": "1", "size": "1", "commission": "0.5"}
    fills = Reply({"fills": [{**fill, "product_id": "SLP-30JAN26-CDE", "side": "BUY"}], "cursor": ""})
    details = {"contract_size": "5", "contract_root_unit": "SOL"}
    listed = {"product_id": "SLP-20DEC30-CDE", "price": "1", "future_product_details": details}
    products = Reply({"products": [listed]})
    with scripted({**script(), FILLS: fills, f"{V3}/market/products": products}) as server:
        (entry,) = at(server).get_ledger(NOW - timedelta(days=9), NOW, wallets=["cfm"])
    assert (entry.wallet, entry.asset, entry.amount) == ("cfm", "USD", Decimal("-0.5"))
    assert (entry.symbol, entry.venue_symbol) == ("SOL/USD:USD-260130", "SLP-30JAN26-CDE")


def test_the_ledger_can_be_restricted_to_a_wallet(sandbox: Sandbox) -> None:
    connector = connect(sandbox, "good")
    assert {entry.wallet for entry in connector.get_ledger(SPANS[0][0], NOW, wallets=["cfm"])} == {"cfm"}
    assert not any(path.startswith("/v2/") for path in asked(sandbox))
    assert {entry.wallet for entry in connector.get_ledger(SPANS[0][0], NOW, wallets=["vault"])} == {"vault"}
    assert asked(sandbox)[FILLS] > 0


def test_wallets_that_did_not_change_since_are_not_asked(sandbox: Sandbox) -> None:
    connect(sandbox, "dust").get_ledger(NOW - timedelta(days=2), NOW)
    assert not any(path.endswith("/transactions") for path in asked(sandbox))


@pytest.mark.parametrize("name", ["good", "second"])
def test_a_key_of_either_algorithm_reads(quiet: Sandbox, name: str) -> None:
    assert ("BEGIN" in quiet.key("coinbase", name).api_secret) is (name == "good")
    assert {row.asset: row.total for row in connect(quiet, name).get_spot_balances()} == true(quiet, name, "spot")


READS = Permissions(True, False, False, False, None)


@pytest.mark.parametrize(
    ("name", "rights"),
    [
        ("good", READS),
        ("no_ip", READS),
        ("trade", replace(READS, trade=True)),
        ("transfer", replace(READS, transfer=True, withdraw=True)),
        ("withdraw", replace(READS, trade=True, transfer=True, withdraw=True)),
        ("blind", replace(READS, read=False)),
    ],
)
def test_the_rights_of_a_key_are_told_and_the_address_list_stays_unknown(
    quiet: Sandbox, name: str, rights: Permissions
) -> None:
    found = connect(quiet, name).get_permissions()
    assert replace(found, uid=None) == rights
    assert found.uid == connect(quiet, "good").get_permissions().uid != connect(quiet, "spot").get_permissions().uid


@pytest.mark.parametrize("missing", ["can_view", "can_trade", "can_transfer"])
def test_a_right_that_is_not_told_stays_unknown(missing: str) -> None:
    body = {name: value for name, value in MINE.items() if name != missing}
    told = make("coinbase").read_answer("GET", RIGHTS, status=200, headers={}, body=body)["permissions"]
    unknown = {name for name in ("read", "trade", "transfer", "withdraw") if told[name] is None}
    assert unknown == {"can_view": {"read"}, "can_trade": {"trade"}, "can_transfer": {"transfer", "withdraw"}}[missing]


def test_prices_are_the_markets_and_brazilian_pairs_are_among_them(quiet: Sandbox) -> None:
    public = connectors.create_public("coinbase", hosts=quiet.hosts()["coinbase"], clock=lambda: NOW)
    prices = {(price.asset, price.quote): price.value for price in public.get_prices()}
    market = quiet.world.market
    assert prices["BTC", "USD"] == prices["BTC", "USDC"] == market.pair("BTC", "USDT", NOW)
    assert prices["USDC", "BRL"] == market.pair("USDT", "BRL", NOW)
    assert prices["BTC", "BRL"] == market.pair("BTC", "BRL", NOW)
    assert ("OLD", "USD") not in prices


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("revoked", AuthAmbiguousError),
        ("expired", AuthAmbiguousError),
        ("wrong_ip", AuthAmbiguousError),
        ("blind", PermissionMissingError),
    ],
)
def test_a_refused_key_is_named(quiet: Sandbox, name: str, error: type[ExchangeError]) -> None:
    with pytest.raises(error):
        connect(quiet, name).get_account_info()
    with pytest.raises(error):
        connect(quiet, name).get_spot_balances()


def test_a_key_of_another_pair_is_refused_after_the_clock_was_looked_up(sandbox: Sandbox) -> None:
    stranger = sandbox.key("coinbase", "trade").api_secret
    with pytest.raises(AuthAmbiguousError):
        connect(sandbox, "good", api_secret=stranger).get_spot_balances()
    assert (asked(sandbox)[ACCOUNTS], asked(sandbox)[TIME]) == (2, 1)


def test_a_clock_that_is_off_is_corrected(sandbox: Sandbox) -> None:
    sandbox.fault(Fault("coinbase", FaultKind.SKEW, seconds=600))
    connector = connect(sandbox, "good")
    assert {row.asset: row.total for row in connector.get_spot_balances()} == true(sandbox, "good", "spot")
    assert connector.clock_offset_ms == 600_000
    assert connector.get_server_time() == NOW + timedelta(minutes=10)


def test_one_401_out_of_nowhere_does_no_harm(sandbox: Sandbox) -> None:
    sandbox.fault(Fault("coinbase", FaultKind.STATUS, status=401, path_prefix=ACCOUNTS, count=1))
    assert connect(sandbox, "good").get_spot_balances() != []


def test_too_many_requests_are_a_limit_of_the_user(sandbox: Sandbox) -> None:
    sandbox.fault(Fault("coinbase", FaultKind.STATUS, status=429, path_prefix=ACCOUNTS))
    with pytest.raises(RateLimitedError) as caught:
        connect(sandbox, "good").get_account_info()
    assert (caught.value.scope, caught.value.venue_code) == ("uid", "resource_exhausted")


def test_a_vault_that_cannot_be_read_leaves_the_others(sandbox: Sandbox) -> None:
    sandbox.fault(Fault("coinbase", FaultKind.STATUS, status=503, path_prefix="/v2/accounts"))
    wallets = wallets_of(connect(sandbox, "good"))
    assert {name: wallet.reason for name, wallet in wallets.items()} == {
        "spot": None,
        "cfm": None,
        "vault": "maintenance",
    }


@pytest.mark.parametrize(
    "secret",
    [
        "k7Yb2QmZr9PfWc4TxN8vLd3HsJg6Ae1U",
        "AAAA",
        "not base64!",
        "A" * 86 + "==",
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----",
    ],
)
def test_a_secret_that_is_no_private_key_is_refused_at_once(secret: str) -> None:
    with pytest.raises(CredentialError) as caught:
        make("coinbase", api_secret=secret)
    assert caught.value.field == "api_secret"


def test_a_private_key_may_come_on_one_line_and_in_quotes() -> None:
    pem = secret_for("coinbase").strip().replace("\n", "\\n")
    for secret in (pem, f'"{pem}"', f'{{"name": "organizations/x", "privateKey": "{pem}"}}'):
        request = make("coinbase", api_secret=secret).prepare("GET", "https://api.coinbase.com/v2/accounts", now_ms=1)
        assert request.headers["Authorization"].startswith("Bearer ")


def account(native: str, name: str, kind: str, amount: str) -> dict[str, object]:
    balance = {"amount": amount, "currency": "BTC"}
    return {"id": native, "name": name, "type": kind, "currency": "BTC", "balance": balance}


def page(rows: list[dict[str, object]], following: str | None = None) -> Reply:
    return Reply({"pagination": {"next_uri": following}, "data": rows})


def change(native: str, kind: str, amount: str, when: str = "2026-02-10T00:00:00Z") -> dict[str, object]:
    value = {"amount": amount, "currency": "BTC"}
    return {"id": native, "type": kind, "status": "completed", "amount": value, "created_at": when}


def script() -> Script:
    return {
        RIGHTS: Reply(MINE),
        ACCOUNTS: Reply(NO_ACCOUNTS),
        FILLS: Reply({"fills": [], "cursor": ""}),
        "/v2/accounts": page([account("a", "BTC Wallet", "wallet", "1")]),
    }


def test_vaults_and_staked_coins_are_told_and_ordinary_wallets_are_left_to_spot() -> None:
    rows = [
        account("a", "BTC Wallet", "wallet", "1"),
        account("b", "My savings", "vault", "2"),
        account("c", "Staked BTC", "wallet", "3"),
    ]
    with scripted({**script(), "/v2/accounts": page(rows)}) as server:
        (vault,) = at(server).get_account_info(wallets=["vault"]).wallets
    assert totals(vault) == {"BTC": Decimal(5)}
    assert [(row.free, row.locked) for row in vault.balances] == [(ZERO, Decimal(5))]


def test_a_vault_in_the_list_of_accounts_is_not_counted_there() -> None:
    money = {"value": "2", "currency": "BTC"}
    row = {"uuid": "b", "name": "My savings", "currency": "BTC", "available_balance": money, "hold": {"value": "0"}}
    rows = [{**row, "type": "ACCOUNT_TYPE_VAULT"}, {**row, "name": "Staked BTC", "type": "ACCOUNT_TYPE_CRYPTO"}]
    with scripted({**script(), ACCOUNTS: Reply({**NO_ACCOUNTS, "accounts": rows})}) as server:
        assert at(server).get_spot_balances() == []


def test_a_key_of_another_portfolio_tells_neither_the_vault_nor_other_wallets_changes() -> None:
    vault = page([account("a", "BTC Wallet", "wallet", "1"), account("b", "My savings", "vault", "2")])
    with scripted({**script(), RIGHTS: Reply({**MINE, "portfolio_type": "CONSUMER"}), "/v2/accounts": vault}) as server:
        (wallet,) = at(server).get_account_info(wallets=["vault"]).wallets
        assert (wallet.ok, wallet.balances) == (True, ())
        assert at(server).get_ledger(NOW - timedelta(days=9), NOW) == []
    assert not any(path.endswith("/transactions") for path in server.paths())


def test_a_send_that_a_move_to_the_exchange_repeats_counts_once() -> None:
    rows = [change("1", "send", "-2"), change("2", "pro_deposit", "-2"), change("3", "send", "-1")]
    with scripted({**script(), "/v2/accounts/a/transactions": page(rows)}) as server:
        found = at(server).get_ledger(NOW - timedelta(days=9), NOW)
    assert [(entry.kind, entry.amount, entry.wallet) for entry in found] == [
        (LedgerKind.TRANSFER_OUT, Decimal(-2), "spot"),
        (LedgerKind.WITHDRAWAL, Decimal(-1), "spot"),
    ]


def test_a_fee_inside_a_send_is_split_off_to_the_last_digit() -> None:
    fee = {"status": "confirmed", "hash": "h", "transaction_fee": {"amount": "0.00021", "currency": "BTC"}}
    rows = [{**change("1", "send", "-0.05770427"), "network": fee}]
    with scripted({**script(), "/v2/accounts/a/transactions": page(rows)}) as server:
        found = at(server).get_ledger(NOW - timedelta(days=9), NOW)
    assert [(entry.kind, entry.amount, entry.dedupe_key) for entry in found] == [
        (LedgerKind.WITHDRAWAL, Decimal("-0.05749427"), "tx:1"),
        (LedgerKind.FEE, Decimal("-0.00021"), "tx:1:fee"),
    ]


def test_transactions_are_walked_by_the_next_address_until_they_are_too_old() -> None:
    path = "/v2/accounts/a/transactions"
    pages = [
        page([change("1", "receive", "1")], f"{path}?limit=100&starting_after=1"),
        page([change("2", "receive", "2", "2026-02-01T00:00:00+00:00")], f"{path}?limit=100&starting_after=2"),
        page([change("3", "receive", "3", "2026-01-01T00:00:00Z")], f"{path}?limit=100&starting_after=3"),
    ]
    with scripted({**script(), path: list(pages)}) as server:
        found = at(server).get_ledger(datetime(2026, 1, 31, tzinfo=UTC), NOW)
    assert [entry.id for entry in found] == ["2", "1"]
    assert [one.params.get("starting_after") for one in server.asked if one.path == path] == [None, "1", "2"]


@pytest.mark.parametrize(
    "following", ["/v2/accounts/a/transactions?limit=100", "/v2/accounts/b/transactions?limit=100&starting_after=1"]
)
def test_pages_that_circle_or_lead_elsewhere_are_a_bad_response(following: str) -> None:
    reply = page([change("1", "receive", "1")], following)
    with scripted({**script(), "/v2/accounts/a/transactions": reply}) as server, pytest.raises(BadResponseError):
        at(server).get_ledger(NOW - timedelta(days=9), NOW)


def test_fills_behind_a_second_factor_are_an_error_and_no_zero() -> None:
    hidden = Reply({"fills": [], "cursor": "", "proof_token_required": True})
    with (
        scripted({**script(), "/v2/accounts": page([]), FILLS: hidden}) as server,
        pytest.raises(AccountRestrictedError) as caught,
    ):
        at(server).get_ledger(NOW - timedelta(days=9), NOW)
    assert caught.value.venue_code == "proof_token_required"


def test_a_key_that_may_not_view_is_not_taken_for_an_account_without_derivatives() -> None:
    denied = Reply({"error": "PERMISSION_DENIED", "error_details": "Missing required scopes"}, 403)
    with (
        scripted({RIGHTS: Reply({**MINE, "can_view": False}), SUMMARY: denied}) as server,
        pytest.raises(PermissionMissingError),
    ):
        at(server).get_account_info(wallets=["cfm"])


def test_the_total_of_the_derivatives_summary_is_never_added(quiet: Sandbox) -> None:
    book, found = quiet.world.book(uid(quiet, "good"), NOW), connect(quiet, "good").get_account_info()
    rows: list[Balance] = [row for wallet in found.wallets for row in wallet.balances]
    dollars = sum((row.total for row in rows if row.asset in ("USD", "USDC")), ZERO)
    assert dollars == sum((assets.get("USDT", ZERO) for assets in book.wallets.values()), ZERO)
