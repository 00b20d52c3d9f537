"""The past of demo accounts, computed from the sandbox world's own books: what a sidecar would have stored."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from connectors.sandbox import World
from connectors.sandbox.model import Book, OpenPosition
from connectors.types import LedgerEntry
from core.domain.points import DetailPoint, HeldAsset, OpenLeg, WalletPoint
from core.domain.types import EquityPoint, ExchangeAccount, HeldBalance, LedgerRow, WalletState
from core.sync.ledger import ledger_rows

HISTORY = timedelta(days=30)
RECENT = timedelta(days=2)
COARSE = timedelta(hours=1)
FINE = timedelta(minutes=5)


def past_instants(until: datetime) -> list[datetime]:
    """Return the instants of thirty days before `until`: hourly, and every five minutes over the last two days."""
    instants, at = [], (until - HISTORY).replace(minute=0, second=0, microsecond=0)
    while at < until:
        instants.append(at)
        at += COARSE if at < until - RECENT else FINE
    return instants


def past_points(
    world: World, account: ExchangeAccount, uid: str, instants: Iterable[datetime]
) -> Iterator[EquityPoint]:
    """Return the account's equity and unrealised P&L in USD at each instant."""
    for at in instants:
        book = world.book(uid, at)
        equity = float(sum(world.equity(book)[0].values(), Decimal(0)))
        yield EquityPoint(
            account_id=account.id,
            client_id=account.user_id,
            at=at,
            equity=equity,
            unrealized_pnl=_unrealized(world, book),
            complete=True,
            open=equity,
            high=equity,
            low=equity,
        )


def past_details(
    world: World, uid: str, instants: Iterable[datetime], wallets: Iterable[WalletState], held: Iterable[HeldBalance]
) -> Iterator[DetailPoint]:
    """Return what every stored wallet held at each instant, and what was open.

    The world knows wallets by their kind, some by their own name. Of several of one kind an asset lies where it lies
    today, else in the first.
    """
    places = {(balance.kind, balance.asset): balance.wallet for balance in held}
    names: dict[str, list[str]] = {}
    for state in wallets:
        names.setdefault(state.kind, []).append(state.wallet)
    for at in instants:
        book = world.book(uid, at)
        assets: dict[str, list[HeldAsset]] = {name: [] for some in names.values() for name in some}
        legs: dict[str, list[OpenLeg]] = {name: [] for name in assets}
        for kind in (names.keys() | assets.keys()) & book.wallets.keys():
            for asset, amount in book.amounts(kind).items():
                name = places.get((kind, asset), names[kind][0]) if kind in names else kind
                assets[name].append(HeldAsset(asset, amount, world.price(asset, at)))
        for position in book.positions:
            if position.wallet in names:
                name = places.get((position.wallet, position.settle), names[position.wallet][0])
                legs[name].append(_leg(position, world.price(position.settle, at)))
        yield DetailPoint(
            at, tuple(WalletPoint(name, True, tuple(assets[name]), tuple(legs[name])) for name in sorted(assets))
        )


def _leg(position: OpenPosition, settle_price: Decimal | None) -> OpenLeg:
    quote = "USD" if position.inverse else position.settle
    return OpenLeg(
        symbol=f"{position.base}/{quote}:{position.settle}",
        side=position.side.value,
        settle=position.settle,
        inverse=position.inverse,
        qty=position.contracts * position.contract_size if position.inverse else position.size,
        upnl=position.unrealized,
        settle_price=settle_price,
        mark=position.mark,
        entry=position.entry,
        liq=position.liquidation,
        leverage=Decimal(position.leverage),
        mm=position.maintenance_margin,
    )


def past_ledger(
    world: World, account: ExchangeAccount, entries: Iterable[LedgerEntry], now: datetime
) -> Iterator[LedgerRow]:
    """Return the exchange's own entries as rows, priced at their booking."""
    for row in ledger_rows(account, entries, price_of=lambda _asset: None, now=now):
        yield replace(row, price=world.price(row.asset, row.booked_at))


def first_wallets(world: World, uid: str, wallets: Iterable[WalletState], since: datetime) -> Iterator[WalletState]:
    """Return the wallets with their first good reading moved back to where history begins."""
    equity, _ = world.equity(world.book(uid, since))
    for wallet in wallets:
        yield replace(
            wallet,
            first_ok_at=since,
            first_equity=float(equity.get(wallet.kind, equity.get(wallet.wallet, Decimal(0)))),
        )


def _unrealized(world: World, book: Book) -> float:
    parts = [(asset, amount) for wallet in book.wallets for asset, amount in book.unrealized(wallet).items()]
    return float(sum(((world.price(asset, book.at) or Decimal(0)) * amount for asset, amount in parts), Decimal(0)))
