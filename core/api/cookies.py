"""The session cookie: its one name, how it is read from a request and written to an answer."""

from collections.abc import Iterable

from starlette.responses import Response

NAME = "__Host-session"
LONGEST_TOKEN = 128


def read_token(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """Return the session token that a request carries, or None; two different ones are none."""
    tokens = set()
    for name, value in headers:
        if name == b"cookie":
            pairs = (part.strip().partition("=") for part in value.decode("latin-1").split(";"))
            tokens |= {found for key, _, found in pairs if key == NAME}
    token = tokens.pop() if len(tokens) == 1 else ""
    return token if 0 < len(token) <= LONGEST_TOKEN else None


def set_token(response: Response, token: str, *, max_age_seconds: int) -> None:
    """Hand the token to the browser: this host only, out of reach of scripts and of other sites' forms."""
    response.set_cookie(NAME, token, max_age=max_age_seconds, path="/", secure=True, httponly=True, samesite="lax")


def clear_token(response: Response) -> None:
    """Take the cookie back."""
    response.delete_cookie(NAME, path="/", secure=True, httponly=True, samesite="lax")
