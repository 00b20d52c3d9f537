"""What must be true of a past: every check says what is wrong as a list of sentences, empty where all is well."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import text

from connectors.sandbox.model import Event
from connectors.types import LedgerKind
from core.domain.ledger_kinds import KIND_OF
from core.domain.types import LedgerRow
from tests.mapping.cases import GAPS, UNREADABLE
from tests.mapping.lived import Lived, midnight
from tests.mapping.truth import day_of, interval_end, price, prices_of, untold

PARTS = (
    "realised", "unrealised_change", "funding", "fees", "other_income", "price_effect", "fx_effect", "unexplained",
)  # fmt: skip
CENT = 0.01
SHARE = 1e-4  # of equity, that may stay unexplained of a day
EXACT = 1e-6
NOTED = (LedgerKind.FEE, LedgerKind.TRANSFER_IN, LedgerKind.TRANSFER_OUT)
ZERO = Decimal(0)


def days_that_do_not_close(lived: Lived) -> list[str]:
    """Return the days whose parts are not their total, or of which more is unexplained than no history tells."""
    expected = untold(lived, GAPS.get((lived.account.exchange, lived.key), ()))
    found = []
    for number, day in enumerate(lived.results):
        date = lived.days[0] + timedelta(days=number)
        assert None not in (day.total, day.unexplained, day.equity0, day.equity1)
        rest = sum(getattr(day, name) for name in PARTS) - (day.total or 0.0)
        if abs(rest) > EXACT:
            found.append(f"{date}: the parts miss the total by {rest}")
        off = (day.unexplained or 0.0) - expected.get(date, 0.0)
        if abs(off) > max(CENT, SHARE * max(abs(day.equity0 or 0.0), abs(day.equity1 or 0.0))):
            found.append(f"{date}: {off} is unexplained")
    return found


def breaks_of_the_ledger(lived: Lived) -> list[str]:
    """Return where a wallet's ledger does not lead from one reading to the next, to the last digit."""
    gaps = {gap.wallet for gap in GAPS.get((lived.account.exchange, lived.key), ())}
    points, told = lived.points, defaultdict[tuple[datetime, str, str], Decimal](Decimal)
    for row in lived.rows:
        if points[0].at <= row.booked_at < points[-1].at:
            told[interval_end(points, row.booked_at), row.wallet, row.asset] += row.amount
    found = []
    for before, after in zip(points, points[1:], strict=False):
        change = defaultdict[tuple[str, str], Decimal](Decimal)
        for point, sign in ((before, -1), (after, 1)):
            for wallet in point.wallets:
                for held in wallet.assets:
                    change[wallet.wallet, held.asset] += sign * held.amount
        for name, asset in {*change, *((wallet, asset) for at, wallet, asset in told if at == after.at)}:
            if name not in gaps and change[name, asset] != told.get((after.at, name, asset), ZERO):
                found.append(f"{after.at}: {name} {asset} moved by {change[name, asset]}, told is something else")
    return found


def unexpected_failures(lived: Lived) -> set[str]:
    """Return the wallets that could not be read, or could against what is known of the account's mode."""
    return lived.failed.keys() ^ UNREADABLE.get((lived.account.exchange, lived.key), set())


def event_types(lived: Lived) -> set[tuple[str, ...]]:
    """Return what sorts of events were lived: by kind, direction, and for fees and moves by where they happened."""
    return {event_type(event) for event in lived.happened}


def event_type(event: Event) -> tuple[str, ...]:
    """Return what sort of event it is."""
    money = "fiat" if event.asset == "BRL" else ""
    return event.kind, "+" if event.amount > 0 else "-", money, event.note if event.kind in NOTED else ""


def wrong_where_a_row_is_forgotten(lived: Lived) -> Iterator[str]:
    """Delete a row of each kind, one at a time; yield those whose amount is not unexplained on its day and only there.

    The days around it are worked out from a book of just these three, and compared with what the whole book said.
    """
    prices, first = prices_of(lived.points), lived.days[0]
    for row in one_of_each_kind(lived):
        end = interval_end(lived.points, row.booked_at)
        number = (day_of(end) - first).days
        forget(lived, row)
        days = [first + timedelta(days=number + step) for step in (-1, 1)]
        after = [day.unexplained or 0.0 for day in lived.results_of(*days)]
        with lived.storage.begin() as uow:
            uow.ledger.add([row])
        before = [day.unexplained or 0.0 for day in lived.results[number - 1 : number + 2]]
        lost = sum(float(leg.amount) * price(lived, prices, end, leg.asset) for leg in _legs(lived, row))
        changes = [new - old for old, new in zip(before, after, strict=True)]
        close = EXACT + 1e-9 * abs(lost)
        if any(abs(change - due) > close for change, due in zip(changes, (0.0, lost, 0.0), strict=True)):
            yield f"{row.kind} in {row.wallet} at {row.booked_at}: {lost} was lost, {changes} is unexplained"


def one_of_each_kind(lived: Lived) -> list[LedgerRow]:
    """Return of each kind the largest row that lies well within the days."""
    first, last = (midnight(day) for day in lived.days)
    found: dict[str, LedgerRow] = {}
    for row in lived.rows:
        known = found.get(row.kind)
        inside = first + timedelta(days=2) <= row.booked_at < last - timedelta(days=1)
        if inside and row.price is not None and (known is None or abs(known.amount) < abs(row.amount)):
            found[row.kind] = row
    return list(found.values())


def _legs(lived: Lived, row: LedgerRow) -> list[LedgerRow]:
    """Return what is lost with a row: itself, and the other legs of a trade, which alone say nothing."""
    if KIND_OF[row.kind] != "trade":
        return [row]
    name = (row.wallet, row.ref or row.booked_at)
    legs = (leg for leg in lived.rows if KIND_OF[leg.kind] == "trade")
    return [leg for leg in legs if (leg.wallet, leg.ref or leg.booked_at) == name]


def forget(lived: Lived, row: LedgerRow) -> None:
    """Delete a row from storage."""
    statement = text("DELETE FROM ledger_entries WHERE dedupe_key = :key AND wallet = :wallet")
    with lived.storage.engine.begin() as connection:
        assert connection.execute(statement, {"key": row.dedupe_key, "wallet": row.wallet}).rowcount == 1
