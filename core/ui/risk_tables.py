"""Tables of the Positions & risk page: positions, margins by wallet, funding of hedge legs, what has no price."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from core.services.risk_types import MarginRow, Risk, RiskRow
from core.ui.format import MISSING, Formats, plain
from core.ui.i18n import N_, _
from core.ui.palette import current_palette
from core.ui.risk_words import NEAR, nearness, notes_of, reason_words, since_words
from core.ui.sheet import Column, draw_table, number_column, text_column
from core.ui.tables import CARRIED, SIDES, pair_name, signed_color, wallet_name

ARROWS = {"long": "▲", "short": "▼"}
MODES = {"cross": N_("cross"), "isolated": N_("isolated")}
PAIR_WIDTH, MONEY_WIDTH, DISTANCE_WIDTH = 125, 115, 125


def render_positions(risk: Risk, formats: Formats, *, key: str) -> None:
    """Draw every open position, hedge legs apart; the first three columns are what a phone shows."""
    rows = risk.positions
    columns = [*_first_columns(risk, formats), *_size_columns(risk, formats), *_more_columns(rows, formats)]
    draw_table(columns, key=key, alt=_("Open positions: {count} rows").format(count=len(rows)))
    if any(row.carried for row in rows):
        st.caption(CARRIED.strip() + " " + _("older value: this wallet could not be read last time."))
    _render_shared(risk, formats)


def _first_columns(risk: Risk, formats: Formats) -> list[Column]:
    rows = risk.positions
    pairs = [f"{ARROWS[r.position.side]} {pair_name(r.position.symbol)}{CARRIED if r.carried else ''}" for r in rows]
    return [
        text_column("symbol", _("Pair"), pairs, pinned=True),
        _money("upnl", _("P&L ({currency})"), [r.upnl for r in rows], risk, formats, signed=True),
        number_column(
            "distance",
            _("To liquidation"),
            [r.distance for r in rows],
            lambda value: f"{formats.percent(value, 1)} {nearness(value)}".strip(),
            style=_near_color,
            width=DISTANCE_WIDTH,
            about=_("How far the mark price may move before the position is liquidated; an estimate."),
        ),
    ]


def _size_columns(risk: Risk, formats: Formats) -> list[Column]:
    rows = risk.positions
    return [
        text_column("side", _("Side"), [_(SIDES[r.position.side]) for r in rows]),
        text_column("account", _("Account"), [_account(r) for r in rows]),
        _money("notional", _("Notional ({currency})"), [r.notional for r in rows], risk, formats),
        number_column("size", _("Size"), [r.position.size_base for r in rows], formats.amount),
        number_column("entry", _("Entry"), [r.position.entry_price for r in rows], formats.price),
        number_column("mark", _("Mark"), [r.position.mark_price for r in rows], formats.price),
        number_column(
            "roe",
            _("ROE"),
            [r.roe for r in rows],
            lambda value: formats.percent(value, signed=True),
            style=signed_color,
            about=_("Unrealised P&L over the margin at entry: size × entry price / leverage."),
        ),
        _money("funding", _("Funding ({currency})"), [r.funding.value for r in rows], risk, formats, signed=True),
    ]


def _more_columns(rows: Sequence[RiskRow], formats: Formats) -> list[Column]:
    return [
        text_column("since", _("Funding since"), [since_words(r.funding, formats) or MISSING for r in rows]),
        number_column(
            "liquidation", _("Liquidation price"), [r.position.liquidation_price for r in rows], formats.price
        ),
        text_column("mode", _("Margin mode"), [_mode(r) for r in rows]),
        number_column(
            "leverage",
            _("Leverage"),
            [r.position.leverage for r in rows],
            lambda value: formats.digits(value) + "×",
            about=_("The leverage that is set at the exchange."),
        ),
        text_column("wallet", _("Wallet"), [r.position.wallet for r in rows]),
        text_column("as_of", _("Read at"), [formats.second(r.position.as_of) for r in rows]),
        text_column("notes", _("What is missing, and why"), [notes_of(r) for r in rows]),
    ]


def render_margins(rows: Sequence[MarginRow], risk: Risk, formats: Formats, *, key: str) -> None:
    """Draw the margin ratio of each wallet with positions, the nearest to liquidation first."""
    columns = [
        text_column("wallet", _("Wallet"), [_wallet(row) for row in rows], pinned=True),
        number_column(
            "ratio",
            _("Margin ratio"),
            [row.ratio for row in rows],
            lambda value: formats.percent(value, 1),
            about=_("Maintenance margin over margin balance; the wallet is liquidated at 100%."),
        ),
        text_column("source", _("Source"), [_source(row) for row in rows]),
        _money("balance", _("Margin balance ({currency})"), [row.balance for row in rows], risk, formats),
        text_column("as_of", _("Read at"), [formats.second(row.as_of) for row in rows]),
    ]
    draw_table(columns, key=key, alt=_("Margin by wallet: {count} rows").format(count=len(rows)))


def render_unpriced(risk: Risk, formats: Formats) -> None:
    """Draw how many assets have no price, to be opened for which and how much."""
    if not risk.unpriced:
        return
    with st.expander(
        _("Assets without a price: {count}").format(count=len(risk.unpriced)), icon=":material/price_check:"
    ):
        st.caption(_("They are in no sum of this page."))
        for one in risk.unpriced:
            amount = formats.amount(one.amount) if one.amount is not None else _("open P&L")
            st.markdown(f"**{plain(one.asset)}** {plain(amount)} · {plain(one.account)} · {plain(one.wallet)}")


def _render_shared(risk: Risk, formats: Formats) -> None:
    """Draw what hedge legs paid together, once, and how far the ledger is known."""
    rows = risk.shared_funding
    if rows:
        st.caption(_("Hedge mode: funding by pair since the first leg was opened, legs closed since included."))
        columns = [
            text_column("symbol", _("Pair"), [pair_name(row.symbol) for row in rows], pinned=True),
            _money("together", _("Funding ({currency})"), [r.funding.value for r in rows], risk, formats, signed=True),
            text_column("account", _("Account"), [row.account for row in rows]),
            text_column("since", _("Funding since"), [since_words(row.funding, formats) or MISSING for row in rows]),
            text_column("why", _("What is missing, and why"), [reason_words(row.funding.reason) for row in rows]),
        ]
        draw_table(columns, key="risk_legs", alt=_("Funding of hedge legs: {count} rows").format(count=len(rows)))
    if risk.ledger_read_to is not None:
        st.caption(_("Funding is known up to {time}.").format(time=formats.instant(risk.ledger_read_to)))


def _money(
    name: str, title: str, values: Sequence[float | None], risk: Risk, formats: Formats, *, signed: bool = False
) -> Column:  # fmt: skip
    return number_column(
        name,
        title.format(currency=risk.currency),
        values,
        lambda value: formats.money(value, risk.currency, signed=signed),
        style=signed_color if signed else None,
        width=MONEY_WIDTH,
    )


def _account(row: RiskRow) -> str:
    note = _("test network")
    return f"{row.account} ({note})" if row.testnet else row.account


def _mode(row: RiskRow) -> str:
    mode = row.position.margin_mode
    name = _(MODES[mode]) if mode in MODES else mode or MISSING
    return name + (" · " + _("hedge") if row.position.hedged else "")


def _wallet(row: MarginRow) -> str:
    return f"{row.account} · {wallet_name(row.kind)}{CARRIED if row.carried else ''}"


def _source(row: MarginRow) -> str:
    if row.ratio is None:
        return f"{MISSING} {reason_words(row.reason)}"
    return _("the exchange's own figure") if row.own else _("computed: maintenance margin / margin balance")


def _near_color(value: Any) -> str:  # noqa: ANN401 (a number of any kind)
    return f"color: {current_palette().loss}; font-weight: 600" if value < NEAR else ""
