"""What happens to an account about once a week: the events that an ordinary day does not bring."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from typing import TYPE_CHECKING

from connectors.sandbox.model import q8
from connectors.sandbox.prices import step
from connectors.types import LedgerKind, Side

if TYPE_CHECKING:
    from connectors.sandbox.life import DayLife

WEEK = 7
CENT = Decimal("0.01")
INVERSE = "futures_inverse"
Happening = Callable[["DayLife", datetime], None]


def happenings(life: "DayLife") -> list[tuple[datetime, Happening]]:
    """Return what of the account's seldom events is due on this day, at moments of their own."""
    rng = random.Random(f"{life.market.seed}:{life.spec.uid}:{life.day.isoformat()}:seldom")  # noqa: S311 - a toy world
    due = [name for index, name in enumerate(life.spec.habits.seldom) if life.number % WEEK == index % WEEK]
    return [(life.clock(2) + timedelta(milliseconds=rng.randrange(21 * 3_600_000)), SELDOM[name]) for name in due]


def _convert(life: "DayLife", at: datetime) -> None:
    given = (life.has(life.spec.spot, "USDT") / 50).quantize(CENT, rounding=ROUND_DOWN)
    if given > 0:
        got = q8(given * Decimal("0.999") / life.market.pair("ETH", "USDT", at))
        life.book(at, LedgerKind.CONVERSION, life.spec.spot, "USDT", -given)
        life.book(at, LedgerKind.CONVERSION, life.spec.spot, "ETH", got)


def _third_coin(life: "DayLife", at: datetime) -> None:
    """Buy and pay the commission in a coin that is neither base nor quote."""
    if life.has(life.spec.spot, "SOL") > 1:
        quantity = life.has(life.spec.spot, "USDT") / life.market.pair("BTC", "USDT", at) / 30
        life.trade(at, "BTC", "USDT", quantity=quantity, buys=True, fee_asset="SOL")


def _margin_trade(life: "DayLife", at: datetime) -> None:
    """Sell a coin of a margin wallet, or of the unified one that is margin and contracts at once."""
    for wallet in ("margin_cross", "margin_isolated", "portfolio_margin"):
        base = next((asset for asset in ("ETH", "SOL", "BTC") if life.has(wallet, asset) > 0), None)
        if base is not None:
            quantity = (life.has(wallet, base) / 30).quantize(step(base), rounding=ROUND_DOWN)
            life.trade(at, base, "USDT", quantity=quantity, buys=False, wallet=wallet)


def _paid(kind: LedgerKind, amounts: tuple[str, ...], *, asset: str = "USDT", futures: bool = False) -> Happening:
    """Return a change of one wallet: of the amounts one after the other, week by week."""

    def act(life: "DayLife", at: datetime) -> None:
        wallet = life.spec.linear if futures else life.spec.spot
        amount = Decimal(amounts[life.number // WEEK % len(amounts)])
        if wallet in life.state.wallets and life.has(wallet, asset) + amount >= 0:
            life.book(at, kind, wallet, asset, amount)

    return act


def _liquidation(life: "DayLife", at: datetime) -> None:
    """Close a position by force, with a fee for it."""
    held = next((item for item in life.state.positions.values() if not item.inverse), None)
    if held is not None:
        fee = q8(held.size * life.market.pair(held.base, "USDT", at) / 200)
        life.reduce(at, held, part=Decimal(1))
        life.book(at, LedgerKind.LIQUIDATION_FEE, life.spec.linear, held.settle, -fee, base=held.base, quote="USDT")


def _flip(life: "DayLife", at: datetime) -> None:
    """Turn a position round with one fill; in hedge mode there is no such thing."""
    held = next((item for item in life.state.positions.values() if not item.inverse), None)
    if held is None or life.spec.hedged:
        return
    turned = (held.size / 2).quantize(step(held.base), rounding=ROUND_DOWN)
    life.reduce(at, held, part=Decimal(1), turned=turned)
    side = Side.SHORT if held.side is Side.LONG else Side.LONG
    life.open_without_fee(at, held.base, side, size=turned)


def _maker(life: "DayLife", at: datetime) -> None:
    """Be paid for a fill: a commission with the other sign."""
    held = next((item for item in life.state.positions.values() if not item.inverse), None)
    if held is not None:
        price = life.market.pair(held.base, "USDT", at)
        size = max((held.size / 10).quantize(step(held.base), rounding=ROUND_DOWN), step(held.base))
        facts = {"base": held.base, "quote": "USDT", "price": price, "quantity": size}
        note = f"open_{held.side.value}"
        life.book(at, LedgerKind.FEE, life.spec.linear, held.settle, q8(size * price / 20_000), note=note, **facts)
        life.open_without_fee(at, held.base, held.side, size=size)


def _inverse(life: "DayLife", at: datetime) -> None:
    """Close the coin-margined position, or open one where there is none."""
    held = life.held("BTC", "BTC", Side.LONG)
    if held is not None:
        life.reduce(at, held, part=Decimal(1))
    elif INVERSE in life.state.wallets:
        life.increase(at, "BTC", "BTC", Side.LONG, size=Decimal(2000))


def _coin_deposit(life: "DayLife", at: datetime) -> None:
    life.book(at, LedgerKind.DEPOSIT, life.spec.home or life.spec.spot, "BTC", Decimal("0.0123"), note="TRX")


def _coin_withdrawal(life: "DayLife", at: datetime) -> None:
    home = life.spec.home or life.spec.spot
    asset = next((name for name in ("ETH", "USDT") if life.has(home, name) > 1), None)
    if asset is not None:
        life.book(at, LedgerKind.WITHDRAWAL, home, asset, Decimal("-0.05"), note="TRX")
        life.book(at, LedgerKind.FEE, home, asset, Decimal("-0.0012"), note="withdrawal")


def _fiat_withdrawal(life: "DayLife", at: datetime) -> None:
    if life.has(life.spec.spot, "BRL") > 200:
        life.book(at, LedgerKind.WITHDRAWAL, life.spec.spot, "BRL", Decimal(-150), note="Pix")


def _move(source: str, target: str, asset: str = "USDT") -> Happening:
    """Return a transfer between two wallets of an account; `spot` and `linear` stand for the account's own."""

    def act(life: "DayLife", at: datetime) -> None:
        names = {"spot": life.spec.spot, "linear": life.spec.linear}
        ends = names.get(source, source), names.get(target, target)
        places = Decimal("0.0001") if asset != "USDT" else CENT
        amount = (life.has(ends[0], asset) / 40).quantize(places, rounding=ROUND_DOWN)
        if amount > 0 and ends[0] != ends[1] and ends[1] in life.state.wallets:
            note = f"{ends[0]}>{ends[1]}"
            life.book(at, LedgerKind.TRANSFER_OUT, ends[0], asset, -amount, note=note)
            life.book(at, LedgerKind.TRANSFER_IN, ends[1], asset, amount, note=note)

    return act


SELDOM: dict[str, Happening] = {
    "conversion": _convert,
    "third_coin_fee": _third_coin,
    "margin_trade": _margin_trade,
    "airdrop": _paid(LedgerKind.AIRDROP, ("3.5",), asset="XRP"),
    "interest": _paid(LedgerKind.INTEREST, ("1.23456789", "-0.87654321")),
    "kickback": _paid(LedgerKind.REBATE, ("0.76543219",)),
    "spot_bonus": _paid(LedgerKind.BONUS, ("12",)),
    "spot_adjustment": _paid(LedgerKind.OTHER, ("-3.25", "2.75")),
    "rebate": _paid(LedgerKind.REBATE, ("0.45678912",), futures=True),
    "bonus": _paid(LedgerKind.BONUS, ("20", "-20"), futures=True),
    "adjustment": _paid(LedgerKind.OTHER, ("4.5", "-4.25"), futures=True),
    "settlement": _paid(LedgerKind.SETTLEMENT, ("7.7", "-5.5"), futures=True),
    "liquidation": _liquidation,
    "flip": _flip,
    "maker_rebate": _maker,
    "inverse": _inverse,
    "coin_deposit": _coin_deposit,
    "coin_withdrawal": _coin_withdrawal,
    "fiat_withdrawal": _fiat_withdrawal,
    "redeem": _move("earn", "spot"),
    "back": _move("funding", "spot"),
    "from_futures": _move("linear", "spot"),
    "to_inverse": _move("spot", INVERSE, "BTC"),
}
