"""The demo world's past makes a book that closes."""

from datetime import timedelta

import pytest

from core.demo.history import past_details
from core.domain.pnl import equity_at, period_pnl
from core.services.books import load_book
from tests.core.sync.conftest import clock, house, sandbox
from tests.core.sync.house import House

__all__ = ["clock", "house", "sandbox"]


@pytest.mark.parametrize("exchange", ["binance", "bitget"])
def test_the_past_of_a_demo_account_closes_and_joins_the_present(house: House, exchange: str) -> None:  # noqa: F811
    house.clock.move(7)
    job = house.add("good", exchange=exchange)
    house.once()
    world, uid, now = house.sandbox.world, house.sandbox.key(exchange, "good").uid, house.clock()
    instants = [now - timedelta(days=5) + n * timedelta(hours=6) for n in range(20)]
    account, wallets = house.account(job), list(house.wallets(job).values())
    details = list(past_details(world, uid, instants, wallets, house.balances(job)))
    with house.storage.begin() as uow:
        uow.history.add(account, details)
        book = load_book(uow, None, [account.id], instants[0], now)
    shown = sum(wallet.equity or 0.0 for wallet in wallets)
    assert equity_at(book, now).equity == pytest.approx(shown, rel=1e-9)
    then = world.equity(world.book(uid, instants[0]))[0]
    read = {wallet.kind for wallet in wallets} | {wallet.wallet for wallet in wallets}
    assert equity_at(book, instants[0]).equity == pytest.approx(float(sum(then[kind] for kind in then if kind in read)))
    for end in (instants[-1], now):
        assert period_pnl(book, instants[0], end).unexplained == pytest.approx(0, abs=0.01)
