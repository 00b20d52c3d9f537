"""What a slot asks of the exchange: wallets in their turns, and what has moved between them at once."""

from core.domain.types import WalletState
from tests.core.sync.house import House

FUNDING = "/sapi/v1/asset/get-funding-asset"
EARN = "/sapi/v1/simple-earn/flexible/position"


def test_wallets_are_asked_for_in_their_turns_and_are_as_they_were_in_between(house: House) -> None:
    job = house.add("good")
    house.once()
    asked: dict[str, list[int]] = {FUNDING: [], EARN: []}
    for seconds in range(30, 631, 30):
        house.clock.move(30)
        house.sandbox.requests.clear()
        house.once()
        for path, times in asked.items():
            if path in house.requests("good"):
                times.append(seconds)
        if seconds == 30:
            funding: WalletState = house.wallets(job)["funding"]
            assert (funding.ok, (house.clock() - (funding.as_of or house.clock())).total_seconds()) == (True, 30)
            assert house.amounts(job) == house.truth("good")
    assert asked[FUNDING] == [120, 240, 360, 480, 600]
    assert asked[EARN] == [600]


def test_money_that_came_is_looked_for_in_every_wallet_at_once(house: House) -> None:
    job = house.add("good")
    house.once()
    house.clock.move(30)
    house.deposit("good", "USDT", "3")
    house.sandbox.requests.clear()
    house.once()
    assert {FUNDING, EARN} <= house.requests("good").keys()
    assert house.amounts(job) == house.truth("good")
