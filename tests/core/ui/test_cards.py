"""The figures of the Overview say what is not in them."""

from dataclasses import replace

from tests.core.persistence.makers import make_wallet
from tests.core.ui.house import ScreenHouse, words


def test_a_wallet_that_was_never_read_is_named_beside_the_sum_it_is_missing_from(house: ScreenHouse) -> None:
    ana = house.person()
    account = house.account(ana)
    spot = make_wallet(account, as_of=house.now, attempted_at=house.now, equity=500.0)
    earn = replace(spot, wallet="earn", ok=False, reason="network", equity=None, unrealized_pnl=None, as_of=None)
    house.read(account, equity=500.0, wallets=(spot, earn))
    text = words(house.screen(ana))
    assert "sem Binance · earn: nunca lida" in text
    assert "com valores anteriores" not in text


def test_a_result_is_provisional_until_the_ledger_has_been_read(house: ScreenHouse) -> None:
    ana = house.person()
    account = house.account(ana)
    house.read(account)
    assert "provisório: depósitos e saques conhecidos até —" in words(house.screen(ana))
    with house.storage.begin() as uow:
        lease = uow.syncing.claim_one(account.id, house.now, owner="one", lease_seconds=60)
        assert lease is not None
        uow.syncing.set_ledger(lease, read_to=house.now, since=house.now)
    assert "provisório" not in words(house.screen(ana))
