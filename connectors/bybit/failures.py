"""What Bybit's answers refuse with: a `retCode` in the body, mostly of HTTP 200, else the status and a page of text."""

from connectors._base import RestConnector
from connectors._reading import Answer
from connectors.errors import (
    AccountRestrictedError,
    AuthAmbiguousError,
    BadKeyError,
    BadRequestError,
    BadSignatureError,
    ExchangeError,
    IpNotAllowedError,
    MaintenanceError,
    PermissionMissingError,
    RateLimitedError,
    RegionBlockedError,
    TimestampSkewError,
    UnknownExchangeError,
    WrongAccountModeError,
)

ADDRESS_PAUSE_SECONDS = 600.0
RESET_HEADER = "X-Bapi-Limit-Reset-Timestamp"
CODES: dict[type[ExchangeError], tuple[str, ...]] = {
    BadKeyError: ("10003", "10007", "33004", "-2015"),
    BadSignatureError: ("10004",),
    IpNotAllowedError: ("10010",),
    PermissionMissingError: ("10005",),
    AccountRestrictedError: ("10008", "10027"),
    TimestampSkewError: ("10002", "-1"),
    RateLimitedError: ("10006", "10018", "429"),
    RegionBlockedError: ("10009", "10024"),
    MaintenanceError: ("10000", "10016"),
    WrongAccountModeError: ("10028", "100028"),
    BadRequestError: ("10001", "10017", "10029"),
}
ERRORS = {code: kind for kind, codes in CODES.items() for code in codes}


def check(connector: RestConnector, answer: Answer) -> None:
    """Raise what the body's code stands for; where there is none, what the status and the page's text say."""
    body = answer.payload
    if not answer.problem and isinstance(body, dict) and "retCode" in body:
        code = str(body["retCode"])
        if code == "0" and answer.status < 400:
            return
        if code != "0":
            error = connector.error(ERRORS.get(code, UnknownExchangeError), answer, code)
            if isinstance(error, RateLimitedError) and error.retry_after is None:
                error.retry_after = _until_reset(answer)
            raise error
    code = f"http-{answer.status}"
    if answer.status == 401:
        raise connector.error(AuthAmbiguousError, answer, code)
    if answer.status == 403:
        _check_forbidden(connector, answer, code)
    if answer.status >= 500:
        raise connector.error(MaintenanceError, answer, code)


def _check_forbidden(connector: RestConnector, answer: Answer, code: str) -> None:
    """Tell the address's limit (all traffic must rest for ten minutes) from the page for blocked countries."""
    page = (answer.text or str(answer.payload)).lower()
    if "too frequent" in page:
        error = connector.error(RateLimitedError, answer, code)
        error.retry_after = error.retry_after or ADDRESS_PAUSE_SECONDS
        vars(error)["scope"] = "ip"  # whatever limit the call's endpoint counts against
        raise error
    if "country" in page or "cloudfront" in page:
        raise connector.error(RegionBlockedError, answer, code)


def _until_reset(answer: Answer) -> float | None:
    """Return the seconds until the limit begins anew; None where that is past or not told."""
    value = answer.headers.get(RESET_HEADER, "")
    if not value.isascii() or not value.isdigit() or len(value) > 15:
        return None
    seconds = int(value) / 1000 - answer.as_of.timestamp()
    return seconds if seconds > 0 else None
