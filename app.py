"""The web process: Streamlit's screens behind the gate, with sign-in, health and export routes in one server."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import streamlit as st
from streamlit import config

from core.api.routes import make_middleware, make_routes
from core.api.start import note_script_error, public_host, start_web, warm_up
from core.ui.i18n import _

web = start_web(config.get_option)
config.set_option("server.allowedHosts", [public_host(web)])


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[None]:
    """Load what is heavy before the first visitor comes; close the database at the end."""
    warm_up()
    yield
    web.storage.dispose()


def show_error(error: Exception) -> bool:
    """Show an error id instead of the error itself; true keeps Streamlit from showing more."""
    error_id = note_script_error(error)
    st.error(
        _("Something went wrong on this page. If it happens again, tell your administrator this number: {id}").format(
            id=error_id
        )
    )
    return True


app = st.App(
    "core/ui/main.py",
    routes=make_routes(web),
    middleware=make_middleware(web, Path(st.__file__).with_name("static")),
    lifespan=lifespan,
    on_script_error=show_error,
)
