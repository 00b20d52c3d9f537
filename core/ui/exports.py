"""The menu of files to take away: links to the streamed route, never a file built inside the page."""

from collections.abc import Mapping
from urllib.parse import urlencode
from uuid import UUID

import streamlit as st

from core.ui.i18n import _

DIALECTS = ("pt-BR", "iso")


def render_menu(client_id: UUID, view: str, days: int) -> None:
    """Draw one link per dataset and dialect, for what is on the screen."""
    names = {"balances": _("Balances"), "positions": _("Positions"), "equity": _("Equity over time")}
    render_links(names, {"client": str(client_id), "view": view, "days": str(days)})


def render_links(names: Mapping[str, str], query: Mapping[str, str]) -> None:
    """Draw the menu with one link per dataset (by its name for people) and dialect; `query` says what is shown."""
    dialects = {
        "pt-BR": _("Excel in Brazil: semicolon, decimal comma"),
        "iso": _("International: comma, decimal point"),
    }
    with st.popover(_("Export"), icon=":material/download:"):
        for dialect in DIALECTS:
            st.caption(dialects[dialect])
            for dataset, name in names.items():
                st.link_button(
                    f"{name} (CSV)",
                    f"/exports/{dataset}.csv?{urlencode({**query, 'dialect': dialect})}",
                    key=f"export_{dataset}_{dialect}",
                    width="stretch",
                    type="tertiary",
                    icon=":material/table:",
                )
