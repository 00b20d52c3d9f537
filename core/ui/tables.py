"""Tables of balances, positions and wallets: numbers stay numbers (they sort), shown as the person reads them."""

from collections.abc import Sequence
from typing import Any

from core.services.overview_types import Allocation, BalanceRow, PositionRow
from core.ui.format import Formats
from core.ui.i18n import N_, _
from core.ui.palette import current_palette
from core.ui.sheet import draw_table, number_column, text_column

SIDES = {"long": N_("▲ long"), "short": N_("▼ short")}
WALLETS = {
    "spot": N_("Spot"),
    "funding": N_("Funding"),
    "earn": N_("Earn"),
    "margin": N_("Margin"),
    "futures_linear": N_("Futures (USDT)"),
    "futures_inverse": N_("Futures (coin)"),
    "unified": N_("Unified"),
    "options": N_("Options"),
}
CARRIED = " ⏱"
AMOUNT_WIDTH = 125
NEAR_LIQUIDATION = 0.10


def render_positions(rows: Sequence[PositionRow], formats: Formats, *, key: str) -> None:
    """Draw the open positions, P&L signed and coloured, the distance to liquidation in words of percent."""
    columns = [
        text_column("symbol", _("Pair"), [pair_name(r.position.symbol) + _mark(r.carried) for r in rows], pinned=True),
        text_column("side", _("Side"), [_(SIDES[r.position.side]) for r in rows]),
        number_column(
            "pnl",
            _("P&L ({currency})").format(currency=formats.unit),
            [r.pnl for r in rows],
            lambda value: formats.money(value, signed=True),
            style=signed_color,
        ),
        number_column("size", _("Size"), [r.position.size_base for r in rows], formats.amount),
        number_column("entry", _("Entry"), [r.position.entry_price for r in rows], formats.price),
        number_column("mark", _("Mark"), [r.position.mark_price for r in rows], formats.price),
        number_column(
            "leverage", _("Leverage"), [r.position.leverage for r in rows], lambda value: formats.digits(value) + "×"
        ),
        number_column(
            "distance",
            _("To liquidation"),
            [r.distance for r in rows],
            lambda value: formats.percent(value, 1),
            style=_near_color,
            about=_("How far the mark price may move before the position is liquidated."),
        ),
        number_column(
            "liquidation", _("Liquidation price"), [r.position.liquidation_price for r in rows], formats.price
        ),
        text_column("account", _("Account"), [r.account for r in rows]),
    ]
    draw_table(columns, key=key, alt=_("Open positions: {count} rows").format(count=len(rows)))


def render_balances(rows: Sequence[BalanceRow], formats: Formats, *, key: str) -> None:
    """Draw every asset of every wallet; what was carried has a clock, what has no price a dash and never a zero."""
    columns = [
        text_column("asset", _("Asset"), [r.asset + _mark(r.carried) for r in rows], pinned=True),
        number_column(
            "value", _("Value ({currency})").format(currency=formats.unit), [r.value for r in rows], formats.money
        ),
        number_column("total", _("Amount"), [r.total - r.debt for r in rows], formats.amount, width=AMOUNT_WIDTH),
        number_column("locked", _("In orders"), [r.locked for r in rows], formats.amount, width=AMOUNT_WIDTH),
        number_column("price", _("Price (US$)"), [r.price for r in rows], formats.price),
        text_column("wallet", _("Wallet"), [wallet_name(r.kind) for r in rows]),
        text_column("account", _("Account"), [r.account for r in rows]),
        text_column("as_of", _("Read at"), [formats.time(r.as_of) for r in rows]),
    ]
    draw_table(columns, key=key, alt=_("Balances: {count} rows").format(count=len(rows)))


def render_allocation(rows: Sequence[Allocation], formats: Formats, *, key: str) -> None:
    """Draw every asset over all wallets with its share of the priced total."""
    columns = [
        text_column("asset", _("Asset"), [r.asset for r in rows], pinned=True),
        number_column(
            "value", _("Value ({currency})").format(currency=formats.unit), [r.value for r in rows], formats.money
        ),
        number_column("share", _("Share"), [r.share for r in rows], lambda value: formats.percent(value, 1)),
        number_column("amount", _("Amount"), [r.amount for r in rows], formats.amount),
    ]
    draw_table(columns, key=key, alt=_("Assets: {count} rows").format(count=len(rows)))


def wallet_name(kind: str) -> str:
    """Return the words for a kind of wallet."""
    return _(WALLETS[kind]) if kind in WALLETS else kind


def pair_name(symbol: str) -> str:
    """Return a symbol as people write it: the settling asset or the expiry only where it says something."""
    pair, _sep, settled = symbol.partition(":")
    settle, _sep, expiry = settled.partition("-")
    parts = [pair, "" if pair.endswith(f"/{settle}") else settle, expiry]
    return " · ".join(part for part in parts if part)


def _mark(carried: bool) -> str:
    return CARRIED if carried else ""


def _near_color(value: Any) -> str:  # noqa: ANN401 (a number of any kind)
    return f"color: {current_palette().loss}; font-weight: 600" if value < NEAR_LIQUIDATION else ""


def signed_color(value: Any) -> str:  # noqa: ANN401 (a number of any kind)
    """Return the CSS of a gain or a loss, nothing for zero."""
    if value == 0:
        return ""
    colors = current_palette()
    return f"color: {colors.gain if value > 0 else colors.loss}; font-weight: 600"
