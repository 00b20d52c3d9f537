"""Tables of balances, positions and wallets: numbers stay numbers (they sort), shown as the person reads them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st
from pandas.io.formats.style import Styler

from core.services.overview_types import Allocation, BalanceRow, PositionRow
from core.ui.format import MISSING, Formats
from core.ui.i18n import N_, _
from core.ui.palette import current_palette

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
ROW_HEIGHT = 36
MOST_ROWS_SHOWN = 12
AMOUNT_WIDTH = 125
NEAR_LIQUIDATION = 0.10


def render_positions(rows: Sequence[PositionRow], formats: Formats, *, key: str) -> None:
    """Draw the open positions, P&L signed and coloured, the distance to liquidation in words of percent."""
    frame = pd.DataFrame(
        {
            "symbol": [pair_name(row.position.symbol) + (CARRIED if row.carried else "") for row in rows],
            "side": [_(SIDES[row.position.side]) for row in rows],
            "pnl": [row.position.unrealized_usd for row in rows],
            "size": [row.position.size_base for row in rows],
            "entry": [row.position.entry_price for row in rows],
            "mark": [row.position.mark_price for row in rows],
            "leverage": [row.position.leverage for row in rows],
            "distance": [row.distance for row in rows],
            "liquidation": [row.position.liquidation_price for row in rows],
            "account": [row.account for row in rows],
        }
    )
    texts: dict[Any, str | Callable[[Any], str] | None] = {
        "pnl": lambda value: formats.money(_known(value), signed=True),
        "size": lambda value: formats.amount(_known(value)),
        "entry": lambda value: formats.price(_known(value)),
        "mark": lambda value: formats.price(_known(value)),
        "leverage": lambda value: MISSING if _known(value) is None else formats.amount(_known(value)) + "×",
        "distance": lambda value: formats.percent(_known(value), 1),
        "liquidation": lambda value: formats.price(_known(value)),
    }
    colors = current_palette()
    styled = frame.style.format(texts).map(_signed_color, subset=["pnl"])
    styled = styled.map(
        lambda value: f"color: {colors.loss}; font-weight: 600" if _is_near(value) else "", subset=["distance"]
    )
    config = {
        "symbol": st.column_config.TextColumn(_("Pair"), pinned=True),
        "side": st.column_config.TextColumn(_("Side")),
        "pnl": st.column_config.NumberColumn(_("P&L (US$)")),
        "size": st.column_config.NumberColumn(_("Size")),
        "entry": st.column_config.NumberColumn(_("Entry")),
        "mark": st.column_config.NumberColumn(_("Mark")),
        "leverage": st.column_config.NumberColumn(_("Leverage")),
        "distance": st.column_config.NumberColumn(
            _("To liquidation"), help=_("How far the mark price may move before the position is liquidated.")
        ),
        "liquidation": st.column_config.NumberColumn(_("Liquidation price")),
        "account": st.column_config.TextColumn(_("Account")),
    }
    _draw(styled, config, len(frame), key=key, alt=_("Open positions: {count} rows").format(count=len(frame)))


def render_balances(rows: Sequence[BalanceRow], formats: Formats, *, key: str) -> None:
    """Draw every asset of every wallet; what was carried has a clock, what has no price a dash and never a zero."""
    frame = pd.DataFrame(
        {
            "asset": [row.asset + (CARRIED if row.carried else "") for row in rows],
            "value": [row.value for row in rows],
            "total": [row.total - row.debt for row in rows],
            "locked": [row.locked for row in rows],
            "price": [row.price for row in rows],
            "wallet": [wallet_name(row.kind) for row in rows],
            "account": [row.account for row in rows],
            "as_of": [formats.time(row.as_of) for row in rows],
        }
    )
    texts: dict[Any, str | Callable[[Any], str] | None] = {
        "value": lambda value: formats.money(_known(value)),
        "total": lambda value: formats.amount(_known(value)),
        "locked": lambda value: formats.amount(_known(value)),
        "price": lambda value: formats.price(_known(value)),
    }
    config = {
        "asset": st.column_config.TextColumn(_("Asset"), pinned=True),
        "value": st.column_config.NumberColumn(_("Value (US$)")),
        "total": st.column_config.NumberColumn(_("Amount"), width=AMOUNT_WIDTH),
        "locked": st.column_config.NumberColumn(_("In orders"), width=AMOUNT_WIDTH),
        "price": st.column_config.NumberColumn(_("Price (US$)")),
        "wallet": st.column_config.TextColumn(_("Wallet")),
        "account": st.column_config.TextColumn(_("Account")),
        "as_of": st.column_config.TextColumn(_("Read at")),
    }
    alt = _("Balances: {count} rows").format(count=len(frame))
    _draw(frame.style.format(texts), config, len(frame), key=key, alt=alt)


def render_allocation(rows: Sequence[Allocation], formats: Formats, *, key: str) -> None:
    """Draw every asset over all wallets with its share of the priced total."""
    frame = pd.DataFrame(
        {
            "asset": [row.asset for row in rows],
            "value": [row.value for row in rows],
            "share": [row.share for row in rows],
            "amount": [row.amount for row in rows],
        }
    )
    texts: dict[Any, str | Callable[[Any], str] | None] = {
        "value": lambda value: formats.money(_known(value)),
        "share": lambda value: formats.percent(_known(value), 1),
        "amount": lambda value: formats.amount(_known(value)),
    }
    config = {
        "asset": st.column_config.TextColumn(_("Asset"), pinned=True),
        "value": st.column_config.NumberColumn(_("Value (US$)")),
        "share": st.column_config.NumberColumn(_("Share")),
        "amount": st.column_config.NumberColumn(_("Amount")),
    }
    alt = _("Assets: {count} rows").format(count=len(frame))
    _draw(frame.style.format(texts), config, len(frame), key=key, alt=alt)


def wallet_name(kind: str) -> str:
    """Return the words for a kind of wallet."""
    return _(WALLETS[kind]) if kind in WALLETS else kind


def pair_name(symbol: str) -> str:
    """Return a symbol as people write it: the settling asset or the expiry only where it says something."""
    pair, _sep, settled = symbol.partition(":")
    settle, _sep, expiry = settled.partition("-")
    parts = [pair, "" if pair.endswith(f"/{settle}") else settle, expiry]
    return " · ".join(part for part in parts if part)


def _draw(styled: Styler, config: Mapping[str, Any], count: int, *, key: str, alt: str) -> None:
    st.dataframe(
        styled,
        hide_index=True,
        column_config=dict(config),
        row_height=ROW_HEIGHT,
        height="content" if count <= MOST_ROWS_SHOWN else (MOST_ROWS_SHOWN + 1) * ROW_HEIGHT,
        placeholder=MISSING,
        key=key,
        alt=alt,
    )


def _known(value: Any) -> Any:  # noqa: ANN401 (a cell of a data frame)
    """Return None for the gaps that a data frame makes of None."""
    return None if value is None or pd.isna(value) else value


def _is_near(value: Any) -> bool:  # noqa: ANN401 (a cell of a data frame)
    known = _known(value)
    return known is not None and known < NEAR_LIQUIDATION


def _signed_color(value: Any) -> str:  # noqa: ANN401 (a cell of a data frame)
    known = _known(value)
    if known is None or known == 0:
        return ""
    colors = current_palette()
    return f"color: {colors.gain if known > 0 else colors.loss}; font-weight: 600"
