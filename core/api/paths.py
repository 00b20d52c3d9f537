"""Which paths are open, blocked or pages, and which addresses a sign-in may lead back to."""

from urllib.parse import quote, urlsplit

OPEN_EXACT = frozenset({"/login", "/logout", "/auth/logout", "/setup", "/healthz", "/readyz", "/metrics"})
OPEN_PREFIXES = ("/static/", "/app-static/")
ANY_HOST = frozenset({"/healthz", "/readyz", "/metrics"})
BLOCKED = (
    "/_stcore/metrics",
    "/_stcore/agent",
    "/_stcore/script-health-check",
    "/script-health-check",
    "/auth",
    "/oauth2callback",
)
NEVER_PAGES = ("/_stcore", "/media", "/component", "/api", "/static", "/app-static")
LONGEST_NEXT = 1000


def is_open(path: str) -> bool:
    """Tell whether a path needs no login session: exact names, and files of two folders that hold no secrets."""
    return path in OPEN_EXACT or (path.startswith(OPEN_PREFIXES) and _is_plain(path))


def is_blocked(path: str) -> bool:
    """Tell whether a path is served to nobody: Streamlit's own metrics, agent, sign-in and script checks."""
    return path != "/auth/logout" and any(path == name or path.startswith(f"{name}/") for name in BLOCKED)


def is_page(path: str, accept: str) -> bool:
    """Tell whether a request is for something a person looks at, so that the sign-in page is a useful answer."""
    if any(path == name or path.startswith(f"{name}/") for name in NEVER_PAGES):
        return False
    if "text/html" in accept:
        return True
    return "." not in path.rpartition("/")[2] and (not accept or "*/*" in accept)


def local_path(address: str | None) -> str:
    """Return the address if it is a path of this site that a person may be sent to, else `/`."""
    if not address or len(address) > LONGEST_NEXT or not address.startswith("/"):
        return "/"
    if address[1:2] in ("/", "\\") or any(character <= " " or character == "\x7f" for character in address):
        return "/"
    try:
        parts = urlsplit(address)
    except ValueError:
        return "/"
    if parts.scheme or parts.netloc or "\\" in parts.path or not _is_plain(parts.path) or is_open(parts.path):
        return "/"
    query = f"?{quote(parts.query, safe='=&%+,:;@/-._~')}" if parts.query else ""
    return quote(parts.path, safe="/%:@-._~+,;=") + query


def sign_in_path(address: str) -> str:
    """Return the sign-in page that leads back to this address."""
    wanted = local_path(address)
    return "/login" if wanted == "/" else f"/login?next={quote(wanted, safe='')}"


def _is_plain(path: str) -> bool:
    return "\\" not in path and "//" not in path and ".." not in path.split("/")
