"""One that hangs or always fails holds up nobody else."""

from connectors.sandbox.faults import FaultKind
from tests.faults.house import FaultHouse

FRESH_SECONDS = 45


def test_an_exchange_that_hangs_leaves_the_others_on_time(house: FaultHouse) -> None:
    runner = house.runner()
    house.strike(FaultKind.HANG, seconds=3)
    house.wait_at_most(3)
    ages = []
    for _ in range(12):
        house.clock.move(10)
        runner.tick(house.clock())
        house.tick_until(runner, lambda: house.age(house.other) <= 30)
        ages.append(house.age(house.other))
    assert max(ages) <= FRESH_SECONDS
    assert house.age(house.good) > FRESH_SECONDS
    house.heal()
    assert runner.wait(20)


def test_an_account_that_always_fails_leaves_its_neighbours_on_time(house: FaultHouse) -> None:
    runner = house.runner()
    house.strike(FaultKind.GARBAGE, key="spot")
    ages = []
    for _ in range(8):
        house.clock.move(15)
        house.tick(runner)
        ages += [house.age(house.good), house.age(house.other)]
    assert max(ages) <= FRESH_SECONDS
    assert house.state(house.spot).failures >= 3
    assert house.state(house.good).failures == 0
