"""The day that runs, in plain numbers, from what a book would be made of: many times cheaper where nothing is odd."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from core.domain.ledger_kinds import KIND_OF
from core.domain.pnl.short import Entry, Held, ShortPnl, short_pnl
from core.domain.points import WalletPoint
from core.services.books import Material, stale_after, trade_ref

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def short_day(material: Material, since: datetime, until: datetime) -> ShortPnl | None:
    """Return the P&L of (since, until] in USD, what a book of the material says; None where it takes that book."""
    if material.links or any(account.removed_at is not None for account in material.accounts):
        return None
    wallets: dict[str, list[Held]] = {}
    for account_id, points in material.points.items():
        for point in points:
            for wallet in point.wallets:
                if not wallet.ok:
                    continue
                held = _held(wallet, _micros(point.at))
                if held is None:
                    return None
                wallets.setdefault(f"{account_id}/{wallet.wallet}", []).append(held)
    entries: dict[str, list[Entry]] = {}
    for row in material.ledger:
        key = f"{row.account_id}/{row.wallet}"
        price = None if row.price is None else float(row.price)
        entry = Entry(
            f"{key}/{row.dedupe_key}", _micros(row.booked_at), key, KIND_OF[row.kind], row.asset, row.amount,
            price, trade_ref(row), row.txid,
        )  # fmt: skip
        entries.setdefault(key, []).append(entry)
    stale_after_s = stale_after(material.states).total_seconds()
    return short_pnl(wallets, entries, _micros(since), _micros(until), stale_after_s=stale_after_s)


def instant_of(us: int) -> datetime:
    """Return microseconds since 1970 as an instant, UTC."""
    return EPOCH + us * MICROSECOND


def _held(wallet: WalletPoint, us: int) -> Held | None:
    """Return what a wallet held, None where some of it has no price."""
    assets: dict[str, tuple[float, float]] = {}
    for held in wallet.assets:
        if held.price is None:
            if held.amount:
                return None
            continue
        amount, price = assets.get(held.asset, (0.0, float(held.price)))
        assets[held.asset] = (amount + float(held.amount), price)
    legs: Sequence[tuple[float, float | None]] = [
        (float(leg.upnl), None if leg.settle_price is None else float(leg.settle_price))
        for leg in wallet.legs
        if leg.upnl is not None
    ]
    if any(price is None for _upnl, price in legs):
        return None
    return Held.of(us, assets, sum(upnl * (price or 0.0) for upnl, price in legs))


def _micros(at: datetime) -> int:
    return (at - EPOCH) // MICROSECOND
