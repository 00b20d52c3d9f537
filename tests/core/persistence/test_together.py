"""SELECTs of different shapes come back whole from one statement."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import Integer, String, literal, select

from core.persistence import SqlStorage
from core.persistence.together import put_together
from core.persistence.types import ExactDecimal, UtcDateTime
from tests.core.persistence.makers import NOW


def test_each_select_gets_its_own_columns_in_its_own_order(storage: SqlStorage) -> None:
    amount = literal(Decimal("0.10"), ExactDecimal())
    one = select(literal("a", String), literal(1, Integer), amount, literal("b", String))
    two = select(literal(NOW, UtcDateTime()), literal(2, Integer))
    together = put_together([one, two, one.where(literal(False))])
    with storage.begin(write=False) as uow:
        found = together.split(uow.connection.execute(together.statement))
    assert found == [[["a", 1, Decimal("0.10"), "b"]], [[NOW, 2]], []]
    assert isinstance(found[1][0][0], datetime)
