"""Large moves: a change of equity that neither prices nor the ledger explain is read again before it is believed; pure.

Values are USD at the prices of now, so that a move of prices is no change; of open positions as much is forgiven as
their marks have moved.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from connectors.types import AccountInfo, Position, WalletAccount
from core.domain.ledger_kinds import KIND_OF
from core.domain.types import LedgerRow, OpenPosition
from core.domain.valuation import equity_amount
from core.sync.ingest import Answers, Stored
from core.sync.ports import PriceOf
from core.sync.sizes import key_of, size_changes

SUSPECT = "suspect"
LARGE = 0.05  # of the equity before
LARGE_USD = 10.0
SAME = 0.005
SAME_USD = 1.0
UNMARKED = 0.02  # what a position that was opened or closed meanwhile may have moved
REALISED = frozenset(kind for kind, book in KIND_OF.items() if book == "realised")


@dataclass(frozen=True, slots=True)
class Move:
    """How far equity went: `change` in USD, of which `forgiven` (>= 0) may be the prices of positions.

    `since` is from when on ledger entries of each wallet can explain it; `equity` was there before.
    """

    change: float
    forgiven: float
    equity: float
    since: dict[str, datetime]

    def unexplained(self, ledger: Iterable[LedgerRow], price_of: PriceOf) -> float:
        """Return the part of the change that no reading of the ledger explains: without flows, without transfers
        (their other leg may lie in a wallet whose ledger nobody tells), or without any.
        """  # noqa: D205 - one sentence
        told = {"all": 0.0, "outside": 0.0}
        for row in ledger:
            since = self.since.get(row.wallet)
            if since is None or row.booked_at < since or row.kind in REALISED:
                continue
            value = float(row.amount * (price_of(row.asset) or row.price or Decimal(0)))
            told["all"] += value
            if KIND_OF.get(row.kind) != "transfer":
                told["outside"] += value
        least = min((self.change - value for value in (0.0, *told.values())), key=abs)
        rest = max(0.0, abs(least) - self.forgiven)
        return rest if least > 0 else -rest

    def is_large(self, unexplained: float) -> bool:
        """Tell whether so much without an explanation must be read again."""
        return abs(unexplained) > max(LARGE * abs(self.equity), LARGE_USD)


def move_between(before: Stored, answers: Answers, price_of: PriceOf) -> Move:
    """Compare what is answered with what was stored, over the wallets that were read both times."""
    known = {wallet.wallet: wallet for wallet in before.wallets if wallet.as_of is not None}
    both = [wallet for wallet in answers.info.wallets if wallet.ok and wallet.wallet in known]
    names = {wallet.wallet for wallet in both}
    after = sum(worth(wallet, answers.positions or (), price_of) for wallet in both)
    held = [balance for balance in before.balances if balance.wallet in names]
    kept = sum(float((b.total - b.debt) * (price_of(b.asset) or Decimal(0))) for b in held)
    open_pnl = sum(known[name].equity or 0.0 for name in names) - sum(b.value or 0.0 for b in held)
    since = {name: at for name in names if (at := known[name].as_of) is not None}
    old = [position for position in before.positions if position.wallet in names]
    new = [position for position in answers.positions or () if position.wallet in names]
    return Move(after - kept - open_pnl, _forgiven(old, new), before.equity, since)


def worth(wallet: WalletAccount, positions: Sequence[Position], price_of: PriceOf) -> float:
    """Return the USD value of a wallet with its open P&L; what has no price counts for nothing."""
    own = [position for position in positions if position.wallet == wallet.wallet]
    return sum(float(equity_amount(b, own) * (price_of(b.asset) or Decimal(0))) for b in wallet.balances)


def agree(first: Answers, second: Answers, *, equity: float, price_of: PriceOf) -> bool:
    """Tell whether two readings say the same of every wallet that the first one read, up to what prices do meanwhile.

    `equity` is what a difference is measured against, USD.
    """
    again = {wallet.wallet: wallet for wallet in second.info.wallets if wallet.ok}
    limit = max(SAME * abs(equity), SAME_USD)
    for wallet in first.info.wallets:
        if not wallet.ok:
            continue
        other = again.get(wallet.wallet)
        if other is None:
            return False
        one, two = worth(wallet, first.positions or (), price_of), worth(other, second.positions or (), price_of)
        if abs(one - two) > limit:
            return False
    return True


def doubt(answers: Answers) -> Answers:
    """Return the answers with every wallet failed as suspect: nothing of them is believed."""
    wallets = tuple(
        replace(wallet, ok=False, reason=SUSPECT, balances=()) if wallet.ok else wallet
        for wallet in answers.info.wallets
    )
    info: AccountInfo = replace(answers.info, wallets=wallets)
    return replace(answers, info=info, positions=None)


def positions_changed(before: Stored, info: AccountInfo, positions: Sequence[Position]) -> bool:
    """Tell whether a wallet's worth rests on positions that are not those of the reading before.

    Balances and positions of such a wallet come from two answers: a position that was closed between them would be in
    neither, or in both.
    """
    resting = {wallet.wallet for wallet in info.wallets if wallet.ok and _rests_on_positions(wallet)}
    old = [position for position in before.positions if position.wallet in resting]
    return any(size_changes(old, [position for position in positions if position.wallet in resting]))


def _rests_on_positions(wallet: WalletAccount) -> bool:
    return any(balance.equity is None and balance.unrealized_pnl is None for balance in wallet.balances)


def _forgiven(old: Sequence[OpenPosition], new: Sequence[Position]) -> float:
    """Return how much the prices of positions can have moved equity, USD."""
    before, after = {key_of(p): p for p in old}, {key_of(p): p for p in new}
    total = 0.0
    for key in before.keys() | after.keys():
        one, two = before.get(key), after.get(key)
        size = max((float(p.size_base) for p in (one, two) if p is not None), default=0.0)
        marks = [float(p.mark_price) for p in (one, two) if p is not None and p.mark_price is not None]
        if len(marks) == 2:
            total += size * abs(marks[0] - marks[1])
        elif marks:
            total += size * marks[0] * UNMARKED
    return total
