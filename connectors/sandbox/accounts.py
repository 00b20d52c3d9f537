"""Who lives in the sandbox world: account recipes that every exchange gets, from a rich trader to an empty account."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from connectors.sandbox.prices import TINY, UNLISTED
from connectors.types import Side

FIAT = "BRL"
Amounts = Mapping[str, Mapping[str, Decimal]]


@dataclass(frozen=True, slots=True)
class Habits:
    """What the owner does. Counts are per day; `*_every` are days between two such actions, 0 is never.

    `seldom` names what happens about once a week (seldom.py).
    """

    spot_trades: int = 0
    futures_trades: int = 0
    deposit_every: int = 0
    fiat_every: int = 0
    withdraw_every: int = 0
    transfer_every: int = 0
    rewards: bool = False
    spot_assets: tuple[str, ...] = ("BTC", "ETH", "SOL")
    contracts: tuple[str, ...] = ("BTC", "ETH", "SOL")
    seldom: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FirstPosition:
    """A position that the account opens in its first hour; `value` in USD."""

    base: str
    side: Side
    value: Decimal
    inverse: bool = False


@dataclass(frozen=True, slots=True)
class AccountSpec:
    """One exchange account: its opening balances (at the world's first instant) and its habits.

    `spot` and `linear` name the wallets that spot trades and linear contracts settle in: equal on a unified account.
    `home` is the one that deposits reach and withdrawals leave, where it is not that of spot trades.
    Spot commissions are paid in what is received, with `quote_fees` always in the quote currency.
    """

    uid: str
    exchange: str
    name: str
    opening: Amounts = field(default_factory=dict)
    habits: Habits = Habits()
    first_positions: tuple[FirstPosition, ...] = ()
    locked: Mapping[str, Decimal] = field(default_factory=dict)
    hedged: bool = False
    mode: str = "classic"
    spot: str = "spot"
    linear: str = "futures_linear"
    home: str = ""
    fee_asset: str = "USDT"
    quote_fees: bool = False


def standard_accounts(
    exchange: str, first_uid: int, coin: str, *, fees_in_coin: bool = False, fiat: bool = True
) -> list[AccountSpec]:
    """Return the accounts every exchange has, with growing uids; `coin` is the exchange's own coin.

    Order: rich (hedge mode), spot only, empty, dust, one-way futures. With `fees_in_coin` the rich account pays its
    futures commissions in that coin; without `fiat` nobody holds or pays in BRL.
    """
    uids = [str(first_uid + number) for number in range(5)]
    accounts = [
        _rich(uids[0], exchange, coin, fees_in_coin),
        _spot_only(uids[1], exchange, coin),
        AccountSpec(uids[2], exchange, "empty"),
        _dust(uids[3], exchange),
        _one_way(uids[4], exchange),
    ]
    return accounts if fiat else [_without_fiat(spec) for spec in accounts]


def unified_account(exchange: str, uid: str, coin: str) -> AccountSpec:
    """Return a unified account: spot and contracts share the wallet `unified`, beside a funding wallet."""
    return AccountSpec(
        uid,
        exchange,
        "unified",
        opening={
            "unified": _amounts(USDT="15000", BTC="0.12", ETH="1.5") | _amounts(**{coin: "25"}),
            "funding": _amounts(USDT="800"),
        },
        habits=Habits(spot_trades=2, futures_trades=3, deposit_every=9, withdraw_every=13, contracts=("BTC", "ETH")),
        first_positions=(FirstPosition("BTC", Side.LONG, Decimal(4000)),),
        mode="unified",
        spot="unified",
        linear="unified",
    )


def _rich(uid: str, exchange: str, coin: str, fees_in_coin: bool) -> AccountSpec:
    spot = _amounts(
        USDT="18250.45",
        BTC="0.35",
        ETH="4.2",
        SOL="60",
        XRP="2500",
        ADA="3000",
        LINK="85.5",
        LDO="120.75",
        USDC="1500",
        BRL="2350.10",
    ) | _amounts(**{coin: "12.5"})
    linear = _amounts(USDT="20000", USDC="1000") | (_amounts(**{coin: "3"}) if fees_in_coin else {})
    return AccountSpec(
        uid,
        exchange,
        "rich",
        opening={
            "spot": spot,
            "funding": _amounts(USDT="1200.5", BRL="850"),
            "earn": _amounts(USDT="5000", BTC="0.05", ETH="1"),
            "futures_linear": linear,
            "futures_inverse": _amounts(BTC="0.08"),
        },
        habits=Habits(
            spot_trades=3,
            futures_trades=5,
            deposit_every=6,
            fiat_every=8,
            withdraw_every=10,
            transfer_every=3,
            rewards=True,
            spot_assets=("BTC", "ETH", "SOL", "XRP", "LINK"),
            contracts=("BTC", "ETH", "SOL", "XRP"),
        ),
        first_positions=(
            FirstPosition("BTC", Side.LONG, Decimal(6000)),
            FirstPosition("BTC", Side.SHORT, Decimal(2500)),
            FirstPosition("ETH", Side.SHORT, Decimal(3500)),
            FirstPosition("SOL", Side.LONG, Decimal(1800)),
            FirstPosition("BTC", Side.LONG, Decimal(3000), inverse=True),
        ),
        locked=_amounts(USDT="250", BTC="0.01"),
        hedged=True,
        fee_asset=coin if fees_in_coin else "USDT",
    )


def _spot_only(uid: str, exchange: str, coin: str) -> AccountSpec:
    return AccountSpec(
        uid,
        exchange,
        "spot",
        opening={
            "spot": _amounts(USDT="4200", BTC="0.08", ETH="0.9", DOGE="5000", BRL="500") | _amounts(**{coin: "1.25"})
        },
        habits=Habits(spot_trades=2, deposit_every=11, fiat_every=5, withdraw_every=14),
    )


def _dust(uid: str, exchange: str) -> AccountSpec:
    rng = random.Random(f"dust:{uid}")  # noqa: S311 - a toy world, not a secret
    tiny = {asset: Decimal(rng.randrange(1, 90_000)) / Decimal(1000) for asset in TINY}
    return AccountSpec(uid, exchange, "dust", opening={"spot": tiny | _amounts(USDT="3.17", **{UNLISTED: "1234.5"})})


def _one_way(uid: str, exchange: str) -> AccountSpec:
    return AccountSpec(
        uid,
        exchange,
        "one_way",
        opening={"spot": _amounts(USDT="900"), "futures_linear": _amounts(USDT="12000")},
        habits=Habits(futures_trades=6, deposit_every=7, transfer_every=4, contracts=("BTC", "ETH", "SOL", "DOGE")),
        first_positions=(
            FirstPosition("BTC", Side.SHORT, Decimal(2000)),
            FirstPosition("DOGE", Side.LONG, Decimal(700)),
        ),
    )


def _without_fiat(spec: AccountSpec) -> AccountSpec:
    opening = {
        name: {asset: amount for asset, amount in row.items() if asset != FIAT} for name, row in spec.opening.items()
    }
    return replace(spec, opening=opening, habits=replace(spec.habits, fiat_every=0))


def _amounts(**amounts: str) -> dict[str, Decimal]:
    return {asset: Decimal(text) for asset, text in amounts.items()}
