"""ccxt and our connector read the same sandbox with the same keys and must see the same, to the last digit.

An exchange that the sandbox speaks is tested by its spot balances, positions and flows at once, by the rest as soon
as CLIENTS says how ccxt is asked for it.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import ccxt
import pytest

import connectors
from connectors import _pace
from connectors.sandbox import Sandbox, SandboxConfig, available
from connectors.types import Balance, LedgerEntry, LedgerKind
from tests.connectors.coinbase import by_ccxt
from tests.connectors.kraken import by_ccxt as kraken_by_ccxt

NOW = datetime(2026, 2, 14, 15, 30, 20, 250_000, tzinfo=UTC)
SINCE = NOW - timedelta(days=25)
NOW_MS, SINCE_MS = int(NOW.timestamp() * 1000), int(SINCE.timestamp() * 1000)
Params = dict[str, Any]
Change = tuple[int, str, Decimal]
Amounts = dict[str, Decimal]
Flows = Callable[[Any], tuple[list[Params], list[Params]]]


@dataclass(frozen=True)
class Ledger:
    """How ccxt walks the history of a wallet; its rows' `info` gives the signed change (or several)."""

    params: Params
    change: Callable[[Params], Decimal]
    is_funding: Callable[[Params], bool]
    pages: Callable[[Any, Params], Iterator[Any]]


@dataclass(frozen=True)
class Client:
    """How ccxt is asked for what one of our accounts holds.

    `name` is ccxt's own of the exchange where it differs; `hedged` finds the position mode where ccxt parses none.

    `wallets` maps our wallets to the parameters of fetch_balance, `raw` to calls where ccxt's parsing lacks one; ccxt's
    total holds the unrealised P&L but in the wallets named in `cash`. `positions` are parameters of fetch_positions,
    `margin_mode` is that of all positions where ccxt tells none.
    """

    name: str = ""
    keys: tuple[str, ...] = ("good", "spot", "empty", "dust", "one_way")
    options: Params = field(default_factory=dict)
    wallets: Mapping[str, tuple[Params, ...]] = field(default_factory=dict)
    raw: Mapping[str, Callable[[Any], Amounts]] = field(default_factory=dict)
    cash: frozenset[str] = frozenset()
    is_copy: Callable[[str], bool] = lambda asset: False
    positions: tuple[Params, ...] = ({},)
    held: Callable[[Any, Params], list[Params]] = lambda client, params: client.fetch_positions(None, params)
    hedged: Callable[[Params], Any] = lambda row: row["hedged"]
    margin_mode: str | None = None
    ledgers: Mapping[str, tuple[Ledger, ...]] = field(default_factory=dict)
    flows: Flows = lambda client: parsed_flows(client)


def by_time(client: Any, params: Params) -> Iterator[Any]:  # noqa: ANN401 - ccxt has no types
    """Walk from the oldest page on, by the time of its last row."""
    since, seen = SINCE_MS, set()
    while True:
        page = client.fetch_ledger(None, since, 1000, {**params, "until": NOW_MS})
        new = [row for row in page if (row["id"], row["info"]["incomeType"]) not in seen]
        seen |= {(row["id"], row["info"]["incomeType"]) for row in new}
        yield from new
        if len(page) < 1000:
            return
        since = page[-1]["timestamp"]


def by_id(client: Any, params: Params) -> Iterator[Any]:  # noqa: ANN401
    """Walk from the newest page back, below its smallest id."""
    asked = {**params, "until": NOW_MS}
    while page := client.fetch_ledger(None, SINCE_MS, 100, dict(asked)):
        yield from page
        asked["idLessThan"] = min((row["id"] for row in page), key=int)


def by_category(client: Any, params: Params) -> Iterator[Any]:  # noqa: ANN401
    """Walk the records of every category of a unified account, that ccxt reaches but does not parse."""
    for category in ("SPOT", "MARGIN", "USDT-FUTURES", "USDC-FUTURES", "COIN-FUTURES", "OTHER"):
        asked = {"category": category, "startTime": SINCE_MS, "endTime": NOW_MS, "limit": 100}
        while True:
            data = client.privateUtaGetV3AccountFinancialRecords(asked)["data"]
            yield from (
                {"timestamp": int(row["ts"]), "currency": row["coin"], "info": row} for row in data["list"] or []
            )
            if not data["cursor"]:
                break
            asked["cursor"] = data["cursor"]


def by_bill(client: Any, params: Params) -> Iterator[Any]:  # noqa: ANN401
    """Walk all bills of an account, that ccxt parses for one kind of instrument only, from the newest back."""
    asked: Params = {**params["span"], "limit": 100}
    while page := getattr(client, params["call"])(asked)["data"]:
        yield from ({"timestamp": int(row["ts"]), "currency": row["ccy"], "info": row} for row in page)
        asked["after"] = page[-1]["billId"]


def parsed_flows(client: Any, *codes: str) -> tuple[list[Params], list[Params]]:  # noqa: ANN401
    """Return what came (also in currencies that must be asked for by their codes) and what left."""
    came = [row for code in (None, *codes) for row in client.fetch_deposits(code, SINCE_MS, 100)]
    return came, client.fetch_withdrawals(None, SINCE_MS, 100)


def unified_flows(client: Any) -> tuple[list[Params], list[Params]]:  # noqa: ANN401
    """Return what came to and left a unified account, that ccxt reaches but does not ask for."""
    asked = {"startTime": SINCE_MS, "endTime": NOW_MS, "limit": 100}
    came = client.privateUtaGetV3AccountDepositRecords(asked)["data"]
    left = client.privateUtaGetV3AccountWithdrawalRecords(asked)["data"]
    return client.parse_transactions(came, None), client.parse_transactions(left, None)


def income(kind: str) -> tuple[Ledger, ...]:
    return (
        Ledger(
            {"type": kind},
            lambda info: Decimal(info["income"]),
            lambda info: bool(info["incomeType"] == "FUNDING_FEE"),
            by_time,
        ),
    )


def bills(**params: str) -> Ledger:
    names = ("size", "fees") if params["type"] == "spot" else ("amount", "fee")

    def change(info: Params) -> Decimal:
        return sum((Decimal(info[name]) for name in names), Decimal(0))

    return Ledger(params, change, lambda info: bool(info["businessType"] == "contract_settle_fee"), by_id)


def records() -> Ledger:
    return Ledger(
        {},
        lambda info: Decimal(info["amount"]) + Decimal(info["fee"]),
        lambda info: info["type"].startswith("CONTRACT_MAIN_SETTLE_FEE"),
        by_category,
    )


def account_bills() -> Ledger:
    """Return how a trading account's bills are read: those of contracts by their result and fee."""
    return Ledger(
        {"call": "privateGetAccountBillsArchive", "span": {"begin": SINCE_MS, "end": NOW_MS}},
        lambda info: (
            Decimal(info["pnl"]) + Decimal(info["fee"]) if info["instType"] == "SWAP" else Decimal(info["balChg"])
        ),
        lambda info: bool(info["type"] == "8"),
        by_bill,
    )


def funding_bills() -> Ledger:
    def pages(client: Any, params: Params) -> Iterator[Any]:  # noqa: ANN401
        return (row for row in by_bill(client, params) if row["timestamp"] >= SINCE_MS)

    asked = {"call": "privateGetAssetBillsHistory", "span": {"pagingType": "2"}}
    return Ledger(asked, lambda info: Decimal(info["balChg"]), lambda info: False, pages)


def earning(client: Any) -> Amounts:  # noqa: ANN401
    """Return simple earn and the orders of on-chain earn, each coin once."""
    found = {row["ccy"]: Decimal(row["amt"]) for row in client.privateGetFinanceSavingsBalance()["data"]}
    for order in client.privateGetFinanceStakingDefiOrdersActive()["data"]:
        for part in order["investData"]:
            found[part["ccy"]] = found.get(part["ccy"], Decimal(0)) + Decimal(part["amt"])
    return found


WEEK_MS = 7 * 86_400_000
WEEKS = [(start, min(start + WEEK_MS - 1, NOW_MS)) for start in range(SINCE_MS, NOW_MS, WEEK_MS)]


def by_week(client: Any, params: Params) -> Iterator[Any]:  # noqa: ANN401
    """Walk a log that is told a week at a time, by the cursors within."""
    for start, end in WEEKS:
        asked: Params = {"endTime": end, **params}
        while page := client.fetch_ledger(None, start, 50, asked):
            yield from page
            cursors = [row["info"]["nextPageCursor"] for row in page if row["info"].get("nextPageCursor")]
            if not cursors:
                break
            asked = {**asked, "cursor": cursors[0]}


def weekly_log() -> Ledger:
    return Ledger({}, lambda info: Decimal(info["change"]), lambda info: Decimal(info["funding"] or 0) != 0, by_week)


def with_fiat_history(client: Any) -> tuple[list[Params], list[Params]]:  # noqa: ANN401
    """Return the records of coins, and deposits of fiat money that only the funding wallet's history tells."""
    came, left = parsed_flows(client)
    for start, end in WEEKS:
        asked = {"createTimeFrom": start // 1000, "createTimeTo": end // 1000, "limit": 100}
        rows = client.request("v5/asset/fundinghistory", "private", "GET", asked)["result"]["list"]
        came += [
            {"currency": row["currency"], "amount": row["txnAmt"], "status": "ok"}
            for row in rows
            if row["descriptionEn"] == "Deposit" and row["showBusiTypeEn"] == "Fiat"
        ]
    return came, left


def coins(rows: Iterable[Params], *names: str) -> Amounts:
    return {row["coin"]: sum((Decimal(row[name] or 0) for name in names), Decimal(0)) for row in rows}


LINEAR = ({"productType": "USDT-FUTURES"}, {"productType": "USDC-FUTURES"})
INVERSE = tuple({"productType": "COIN-FUTURES", "marginCoin": coin} for coin in ("BTC", "ETH"))
CLIENTS: dict[str, tuple[Client, ...]] = {
    "binance": (
        Client(
            wallets={
                "spot": ({},),
                "funding": ({"type": "funding"},),
                "usdm": ({"type": "future"},),
                "coinm": ({"type": "delivery"},),
            },
            is_copy=lambda asset: asset.startswith("LD") and asset != "LDO",
            positions=({}, {"subType": "inverse"}),
            ledgers={"usdm": income("future"), "coinm": income("delivery")},
            flows=lambda client: parsed_flows(client, "BRL"),
        ),
    ),
    "bitget": (
        Client(
            wallets={
                "spot": ({},),
                "futures_linear": tuple({"type": "swap", **product} for product in LINEAR),
                "futures_inverse": ({"type": "swap", "productType": "COIN-FUTURES"},),
            },
            raw={
                "funding": lambda client: coins(
                    client.privateSpotGetV2AccountFundingAssets()["data"], "available", "frozen"
                )
            },
            positions=(*LINEAR, *INVERSE),
            ledgers={
                "spot": (bills(type="spot"),),
                "futures_linear": tuple(bills(type="swap", **product) for product in LINEAR),
                "futures_inverse": (bills(type="swap", productType="COIN-FUTURES"),),
            },
        ),
        Client(
            keys=("unified",),
            options={"uta": True},
            wallets={"unified": ({},)},
            raw={"funding": lambda client: coins(client.privateUtaGetV3AccountFundingAssets()["data"], "balance")},
            cash=frozenset({"unified"}),
            positions=LINEAR,
            ledgers={"unified": (records(),)},
            flows=unified_flows,
        ),
    ),
}
CLIENTS["okx"] = (
    Client(
        keys=("good", "spot", "empty", "dust", "one_way", "portfolio"),
        wallets={"trading": ({},), "funding": ({"type": "funding"},)},
        raw={"earn": earning},
        ledgers={"trading": (account_bills(),), "funding": (funding_bills(),)},
    ),
)
CLIENTS["bybit"] = (
    Client(
        wallets={"unified": ({},), "funding": ({"type": "funding"},)},
        cash=frozenset({"unified"}),
        positions=({}, {"settleCoin": "USDC"}, {"subType": "inverse"}),
        margin_mode="cross",
        ledgers={"unified": (weekly_log(),)},
        flows=with_fiat_history,
    ),
)


def book(settle: str = "", *, without: tuple[str, ...] = ()) -> Ledger:
    """Return how a Gate.io book is read, in seconds: ccxt asks in milliseconds and gets an empty list."""

    def pages(client: Any, params: Params) -> Iterator[Any]:  # noqa: ANN401
        asked, number = {"from": SINCE_MS // 1000, "to": NOW_MS // 1000 + 1, "limit": 100}, 0
        ask = client.privateFuturesGetSettleAccountBook if settle else client.privateSpotGetAccountBook
        while page := ask(
            {**asked, **({"settle": settle, "offset": number * 100} if settle else {"page": number + 1})}
        ):
            number += 1
            for row in page:
                at = int(Decimal(str(row["time"])) * (1000 if settle else 1))
                if at >= SINCE_MS and row["type"] not in without:
                    yield {"timestamp": at, "currency": settle.upper() or row["currency"], "info": row}

    return Ledger({}, lambda info: Decimal(info["change"]), lambda info: bool(info["type"] == "fund"), pages)


def gate_client(*settles: str, keys: tuple[str, ...], unified: bool = False) -> Client:
    """Return how ccxt is asked for Gate.io accounts that have opened these futures wallets; it fails at others."""
    futures = {} if unified else {f"futures_{'inverse' if coin == 'btc' else 'linear'}": coin for coin in settles}
    main = "unified" if unified else "spot"
    spot = book(without=("deposit", "withdraw")) if unified else book()
    inside = tuple(book(coin) for coin in settles) if unified else ()
    return Client(
        name="gate",
        keys=keys,
        options={"unifiedAccount": unified},
        wallets={main: ({},), **{name: ({"type": "swap", "settle": coin},) for name, coin in futures.items()}},
        raw={
            "earn": lambda client: {
                row["currency"]: Decimal(row["amount"]) for row in client.privateEarnGetUniLends({"limit": 100})
            }
        },
        cash=frozenset({main, *futures}),
        is_copy=lambda asset: asset == "GATEPOINT",
        positions=tuple({"settle": coin} for coin in settles),
        hedged=lambda row: row["info"]["mode"].startswith("dual_"),
        ledgers={main: (spot, *inside), **{name: (book(coin),) for name, coin in futures.items()}},
    )


CLIENTS["gateio"] = (
    gate_client("usdt", "btc", keys=("good",)),
    gate_client("usdt", keys=("one_way",)),
    gate_client(keys=("spot", "empty", "dust")),
    gate_client("usdt", keys=("unified", "portfolio"), unified=True),
)
COINBASE = Client(
    keys=("spot", "dust"),
    options={"fetchBalance": "v3PrivateGetBrokerageAccounts"},
    wallets={"spot": ({},)},
    raw={"vault": by_ccxt.vaults},
    # ccxt adds the row that is counted in the derivatives wallet
    is_copy=lambda asset: asset == "USD",
    positions=(),
    flows=lambda client: by_ccxt.app_flows(client, SINCE_MS),
)
CLIENTS["coinbase"] = (
    COINBASE,
    replace(
        COINBASE,
        keys=("good", "empty", "one_way"),
        raw={"vault": by_ccxt.vaults, "cfm": by_ccxt.derivatives_cash},
        positions=({},),
        held=by_ccxt.contracts,
        ledgers={
            "spot": (
                Ledger(
                    {},
                    lambda info: Decimal(info["amount"]["amount"]),
                    lambda info: False,
                    lambda client, params: by_ccxt.with_commissions(client, SINCE_MS),
                ),
            )
        },
    ),
)


def bingx_income(client: Any, params: Params) -> Iterator[Any]:  # noqa: ANN401
    """Walk BingX's income, that ccxt reaches but has no ledger of, back from its newest row."""
    asked: Params = {"startTime": SINCE_MS, "endTime": NOW_MS, "limit": 1000}
    seen: set[str] = set()
    while page := client.swapV2PrivateGetUserIncome(asked)["data"]:
        new = [row for row in page if row["tranId"] not in seen]
        seen |= {row["tranId"] for row in new}
        yield from ({"timestamp": int(row["time"]), "currency": row["asset"], "info": row} for row in new)
        if not new or len(page) < 1000:
            return
        asked["endTime"] = page[-1]["time"]


CLIENTS["bingx"] = (
    Client(
        wallets={
            "spot": ({},),
            "funding": ({"type": "funding"},),
            "futures_linear": ({"type": "swap"},),
            "futures_inverse": ({"type": "swap", "subType": "inverse"},),
            "futures_standard": ({"type": "swap", "standard": True},),
        },
        cash=frozenset({"futures_linear"}),
        positions=({}, {"subType": "inverse"}),
        hedged=lambda row: not row["info"]["onlyOnePosition"] if "onlyOnePosition" in row["info"] else None,
        ledgers={
            "futures_linear": (
                Ledger(
                    {},
                    lambda info: Decimal(info["income"]),
                    lambda info: bool(info["incomeType"] == "FUNDING_FEE"),
                    bingx_income,
                ),
            )
        },
    ),
)
CLIENTS["kraken"] = (
    Client(
        wallets={"spot": ({},)},
        raw={"earn": kraken_by_ccxt.earning},
        is_copy=lambda asset: "." in asset,  # counted in earn
        held=kraken_by_ccxt.margin_positions,
        margin_mode="cross",
        ledgers={
            "spot": (
                Ledger(
                    {},
                    lambda info: Decimal(info["amount"]) - Decimal(info["fee"]),
                    lambda info: False,
                    lambda client, params: kraken_by_ccxt.ledger(client, SINCE_MS),
                ),
            )
        },
        flows=lambda client: kraken_by_ccxt.flows(client, SINCE_MS),
    ),
)
# ccxt takes the multi-collateral wallet for spot and tells no marks: see test_krakenfutures of the sandbox
CLIENTS["krakenfutures"] = ()
CASES = [
    pytest.param(exchange, client, name, id=f"{exchange}-{name}")
    for exchange in available()
    for client in CLIENTS.get(exchange, (Client(),))
    for name in client.keys
]
LEDGERS = [
    pytest.param(exchange, client, name, wallet, id=f"{exchange}-{name}-{wallet}")
    for exchange, clients in CLIENTS.items()
    for client in clients
    for name in client.keys
    for wallet in client.ledgers
    if name in ("good", "one_way", "unified")
]
accounts = pytest.mark.parametrize(("exchange", "client", "name"), CASES)
ledgers = pytest.mark.parametrize(("exchange", "client", "name", "wallet"), LEDGERS)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxConfig(opened_on=date(2026, 1, 1), clock=lambda: NOW, enforce_limits=False)) as running:
        yield running


@pytest.fixture(scope="module")
def theirs(sandbox: Sandbox) -> Iterator[Callable[[str, Client, str], Any]]:
    """Make ccxt clients of the sandbox that take numbers as text and the time from our clock."""
    made: dict[tuple[str, str], Any] = {}

    def connect(exchange: str, client: Client, name: str) -> Any:  # noqa: ANN401
        if (exchange, name) not in made:
            key = sandbox.key(exchange, name)
            settings = {"apiKey": key.api_key, "secret": key.api_secret, "password": key.passphrase}
            found = getattr(ccxt, client.name or exchange)(
                {**settings, "enableRateLimit": False, "options": client.options}
            )
            base = next(iter(sandbox.hosts()[exchange].values()))
            found.urls["api"] = moved(found.urls["api"], base)
            found.number, found.milliseconds, found.seconds = str, lambda: NOW_MS, lambda: NOW_MS // 1000
            found.session.trust_env = False
            made[exchange, name] = found
        return made[exchange, name]

    yield connect
    for item in made.values():
        item.session.close()


@pytest.fixture
def ours(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], connectors.Connector]:
    """Make our connectors of the sandbox; limits rest, as its clock does."""
    monkeypatch.setattr(_pace, "LONGEST_WINDOW_SECONDS", 0)

    def connect(exchange: str, name: str) -> connectors.Connector:
        key = sandbox.key(exchange, name)
        return connectors.create(
            exchange,
            api_key=key.api_key,
            api_secret=key.api_secret,
            passphrase=key.passphrase,
            hosts=sandbox.hosts()[exchange],
            clock=lambda: NOW,
        )

    return connect


def moved(urls: Any, base: str) -> Any:  # noqa: ANN401
    """Return the URLs of a client, in groups or not, on another host."""
    if isinstance(urls, dict):
        return {part: moved(url, base) for part, url in urls.items()}
    return "/".join([base, *urls.split("/", 3)[3:]])


Theirs = Callable[[str, Client, str], Any]
Ours = Callable[[str, str], connectors.Connector]


def balances(client: Client, ccxt_client: Any, params: Iterable[Params]) -> Amounts:  # noqa: ANN401
    found: defaultdict[str, Decimal] = defaultdict(Decimal)
    for asked in params:
        for asset, amount in ccxt_client.fetch_balance(dict(asked))["total"].items():
            if Decimal(amount or 0) and not client.is_copy(asset):
                found[asset] += Decimal(amount)
    return found


def held(rows: Iterable[Balance], *, cash: bool) -> Amounts:
    amounts = {row.asset: row.total if cash or row.equity is None else row.equity for row in rows}
    return {asset: amount for asset, amount in amounts.items() if amount}


@accounts
def test_spot_balances_agree(theirs: Theirs, ours: Ours, exchange: str, client: Client, name: str) -> None:
    rows = ours(exchange, name).get_spot_balances()
    found = held(rows, cash=all(row.wallet in client.cash for row in rows))
    assert found == balances(client, theirs(exchange, client, name), ({},))
    assert bool(found) is (name != "empty")


@accounts
def test_the_balances_of_every_wallet_agree(
    theirs: Theirs, ours: Ours, exchange: str, client: Client, name: str
) -> None:
    found = {wallet.wallet: wallet.balances for wallet in ours(exchange, name).get_account_info().wallets}
    for wallet, params in client.wallets.items():
        expected = balances(client, theirs(exchange, client, name), params)
        assert held(found.get(wallet, ()), cash=wallet in client.cash) == expected, wallet
    for wallet, ask in client.raw.items():
        expected = {asset: amount for asset, amount in ask(theirs(exchange, client, name)).items() if amount}
        assert held(found[wallet], cash=True) == expected, wallet


@accounts
def test_positions_agree(theirs: Theirs, ours: Ours, exchange: str, client: Client, name: str) -> None:
    rows = [row for params in client.positions for row in client.held(theirs(exchange, client, name), params)]
    numbers = ("contracts", "entryPrice", "markPrice", "unrealizedPnl")
    expected = sorted(
        (
            row["symbol"],
            row["side"],
            row["marginMode"] or client.margin_mode,
            client.hedged(row),
            *(Decimal(row[field]) for field in numbers),
        )
        for row in rows
        if Decimal(row["contracts"] or 0)
    )
    found = ours(exchange, name).get_futures_positions()
    assert (
        sorted(
            (
                item.symbol,
                item.side.value,
                item.margin_mode,
                item.hedged,
                item.contracts,
                item.entry_price,
                item.mark_price,
                item.unrealized_pnl,
            )
            for item in found
        )
        == expected
    )
    assert bool(found) is (name in ("good", "one_way", "unified", "portfolio"))


def told(rows: Iterable[Any], ledger: Ledger, *, only_funding: bool) -> Iterator[Change]:
    for row in rows:
        if ledger.is_funding(row["info"]) or not only_funding:
            yield row["timestamp"], row["currency"], ledger.change(row["info"])


def booked(entries: Iterable[LedgerEntry]) -> Iterator[Change]:
    for entry in entries:
        yield int(entry.booked_at.timestamp() * 1000), entry.asset, entry.amount


def added_up(changes: Iterable[Change]) -> dict[tuple[int, str], Decimal]:
    """Add up what happened to one asset in one moment: one row there may be several entries here."""
    sums: defaultdict[tuple[int, str], Decimal] = defaultdict(Decimal)
    for at, asset, amount in changes:
        sums[at, asset] += amount
    return {moment: amount for moment, amount in sums.items() if amount}


@ledgers
def test_income_and_funding_agree(
    theirs: Theirs, ours: Ours, exchange: str, client: Client, name: str, wallet: str
) -> None:
    outside = (LedgerKind.DEPOSIT, LedgerKind.WITHDRAWAL)
    entries = [entry for entry in ours(exchange, name).get_ledger(SINCE, NOW) if entry.wallet == wallet]
    walked = [
        (ledger, list(ledger.pages(theirs(exchange, client, name), ledger.params))) for ledger in client.ledgers[wallet]
    ]
    for only_funding in (False, True):
        kept = [
            entry
            for entry in entries
            if (entry.kind is LedgerKind.FUNDING or not only_funding)
            and not (wallet == "unified" and entry.kind in outside)
        ]
        expected = added_up(c for ledger, rows in walked for c in told(rows, ledger, only_funding=only_funding))
        assert added_up(booked(kept)) == expected
        assert bool(expected) or (only_funding and wallet in ("spot", "funding")) or name == "one_way"


@accounts
def test_deposits_and_withdrawals_agree(theirs: Theirs, ours: Ours, exchange: str, client: Client, name: str) -> None:
    entries = ours(exchange, name).get_ledger(SINCE, NOW)
    came, left = client.flows(theirs(exchange, client, name))
    expected = sorted((row["currency"], Decimal(row["amount"])) for row in came if row["status"] == "ok")
    assert sorted((e.asset, e.amount) for e in entries if e.kind is LedgerKind.DEPOSIT) == expected
    withdrawn = {entry.id for entry in entries if entry.kind is LedgerKind.WITHDRAWAL}
    paid: defaultdict[str, Decimal] = defaultdict(Decimal)
    for entry in entries:
        if entry.id in withdrawn:
            paid[entry.id] -= entry.amount
    assert paid == {
        row["id"]: Decimal(row["amount"]) + abs(Decimal(row["fee"]["cost"])) for row in left if row["status"] == "ok"
    }
