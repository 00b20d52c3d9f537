"""What the web process checks before it serves anybody, and what it loads beforehand."""

import gc
import importlib
import logging
import secrets
import sys
from collections.abc import Callable
from urllib.parse import urlsplit

from core.bootstrap import Web, get_web
from core.errors import ConfigurationError, StorageUnavailableError
from core.log import configure_logging

log = logging.getLogger(__name__)

EXIT_CONFIGURATION = 78
HEAVY_MODULES = ("pandas", "pyarrow")
SESSION_HEADERS = {"x-session-ref": "session_ref"}
# Streamlit's own protections; SECURITY-MODEL.md section 8 lists them.
REQUIRED_OPTIONS: dict[str, object] = {
    "browser.gatherUsageStats": False,
    "client.allowedOrigins": [],
    "client.disableDataExport": True,
    "client.showErrorDetails": "none",
    "client.showErrorLinks": False,
    "client.toolbarMode": "viewer",
    "global.developmentMode": False,
    "runner.magicEnabled": False,
    "server.allowRunOnSave": False,
    "server.baseUrlPath": "",
    "server.corsAllowedOrigins": [],
    "server.enableAgentApi": False,
    "server.enableCORS": True,
    "server.enableStaticServing": False,
    "server.enableXsrfProtection": True,
    "server.fileWatcherType": "none",
    "server.scriptHealthCheckEnabled": False,
    "server.trustedUserHeaders": SESSION_HEADERS,
}
LARGEST_OPTIONS = {"server.maxUploadSize": 2, "server.maxMessageSize": 32, "server.maxWidgetStateSize": 1}

GetOption = Callable[[str], object]


def start_web(get_option: GetOption) -> Web:
    """Return the parts of the web process, or end it with exit code 78 and a line that says what to do.

    Args:
        get_option: reads one of Streamlit's options by its full name.
    """
    try:
        web = get_web()
        configure_logging(web.settings.log_level, web.settings.log_json)
        logging.getLogger("uvicorn.access").setLevel(logging.WARNING)  # its lines hold whole addresses, tokens too
        check_options(web, get_option)
        check_schema(web)
    except ConfigurationError as e:
        hint = "" if "python -m core" in str(e) else "\nOn an empty folder, run `python -m core init` first."
        sys.stderr.write(f"The dashboard cannot start: {e}{hint}\n")
        raise SystemExit(EXIT_CONFIGURATION) from None
    return web


def check_options(web: Web, get_option: GetOption) -> None:
    """Refuse another port than ours and any weakened protection of Streamlit.

    Raises:
        ConfigurationError: names every option that is wrong.
    """
    port = get_option("server.port")
    if port != web.settings.port:
        raise ConfigurationError(f"Streamlit's server.port is {port}, GA_PORT is {web.settings.port}; make them equal")
    wrong = [name for name, wanted in REQUIRED_OPTIONS.items() if get_option(name) != wanted]
    wrong += [name for name, most in LARGEST_OPTIONS.items() if not _is_at_most(get_option(name), most)]
    if wrong:
        raise ConfigurationError(f"Streamlit's {', '.join(wrong)} must be as in .streamlit/config.toml")


def check_schema(web: Web) -> None:
    """Refuse a database that is not migrated; one that is down may come back while we serve what needs none.

    Raises:
        ConfigurationError: tables are missing or old.
    """
    try:
        is_current = web.storage.schema_is_current()
    except StorageUnavailableError:
        log.error("the database does not answer; the dashboard starts and waits for it")
        return
    if not is_current:
        raise ConfigurationError("the database is missing or older than this version (`python -m core migrate`)")


def public_host(web: Web) -> str:
    """Return the host name that people use, for Streamlit's own list of allowed hosts."""
    return urlsplit(web.settings.public_url).hostname or ""


def warm_up() -> None:
    """Import what the first visitor would wait for, then spare it from every later garbage collection."""
    for name in HEAVY_MODULES:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()


def note_script_error(error: Exception) -> str:
    """Log an error of a screen under a random id and return the id: all that a person gets to see of it."""
    error_id = secrets.token_hex(4)
    log.error("screen failed, error id %s", error_id, exc_info=error)
    return error_id


def _is_at_most(value: object, most: int) -> bool:
    return isinstance(value, int | float) and 0 < value <= most
