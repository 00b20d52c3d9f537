"""The menu of files to take away: links to the streamed route, never a file built inside the page."""

from urllib.parse import urlencode
from uuid import UUID

import streamlit as st

from core.ui.i18n import _

DATASETS = ("balances", "positions", "equity")
DIALECTS = ("pt-BR", "iso")


def render_menu(client_id: UUID, view: str, days: int) -> None:
    """Draw one link per dataset and dialect, for what is on the screen."""
    names = {"balances": _("Balances"), "positions": _("Positions"), "equity": _("Equity over time")}
    dialects = {
        "pt-BR": _("Excel in Brazil: semicolon, decimal comma"),
        "iso": _("International: comma, decimal point"),
    }
    with st.popover(_("Export"), icon=":material/download:"):
        for dialect in DIALECTS:
            st.caption(dialects[dialect])
            for dataset in DATASETS:
                query = urlencode({"client": client_id, "view": view, "days": days, "dialect": dialect})
                st.link_button(
                    f"{names[dataset]} (CSV)",
                    f"/exports/{dataset}.csv?{query}",
                    key=f"export_{dataset}_{dialect}",
                    width="stretch",
                    type="tertiary",
                    icon=":material/table:",
                )
