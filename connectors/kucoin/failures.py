"""What KuCoin's error codes mean; every answer carries one, 200000 for success.

Source: docs-new "Error code" (gateway errors 400xxx) and "Rate limit"; kucoin-api-docs "System error codes".
"""

from connectors._base import RestConnector
from connectors._parse import natural
from connectors._reading import Answer
from connectors.errors import (
    AccountRestrictedError,
    BadKeyError,
    BadPassphraseError,
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

SUCCESS = "200000"
MARGIN_NOT_OPENED = "101030"
RESET = "gw-ratelimit-reset"  # milliseconds until the pool is full again
LONGEST_WAIT_SECONDS = 60.0
CODES: dict[type[ExchangeError], tuple[str, ...]] = {
    BadKeyError: ("400003", "400008", "400009"),
    BadSignatureError: ("400005",),
    BadPassphraseError: ("400004",),
    IpNotAllowedError: ("400006",),
    PermissionMissingError: ("400007", "400010"),
    TimestampSkewError: ("400002",),
    RateLimitedError: ("429000", "200002", "1015"),
    RegionBlockedError: ("400301", "400302", "400500"),
    AccountRestrictedError: ("411100", "400303", "400700"),
    WrongAccountModeError: (MARGIN_NOT_OPENED, "112010"),
    MaintenanceError: ("500000", "408000"),
    BadRequestError: ("400001", "400100", "400400", "401000", "404000", "415000"),
}
ERRORS = {code: kind for kind, codes in CODES.items() for code in codes}


def check(connector: RestConnector, answer: Answer) -> None:
    """Raise what the body's code stands for; where that says nothing, the HTTP status speaks."""
    body = answer.payload
    coded = not answer.problem and isinstance(body, dict) and "code" in body
    code = str(body["code"]) if coded else f"http-{answer.status}"
    if code == SUCCESS:
        return
    kind = ERRORS.get(code)
    if kind is None and answer.status == 429:
        kind = RateLimitedError
    if kind is None and answer.status >= 500:
        kind = MaintenanceError
    if kind is None and coded:
        kind = UnknownExchangeError
    if kind is not None:
        error = connector.error(kind, answer, code)
        if kind is RateLimitedError and error.retry_after is None:
            error.retry_after = _wait(answer)
        raise error


def _wait(answer: Answer) -> float | None:
    try:
        return min(float(natural(answer.headers.get(RESET, ""))) / 1000, LONGEST_WAIT_SECONDS)
    except ValueError:
        return None
