"""What Bitget's error codes mean; every answer carries one, 00000 for success."""

from connectors._base import RestConnector
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
    TimestampSkewError,
    UnknownExchangeError,
    WrongAccountModeError,
)

SUCCESS = "00000"
IS_UNIFIED, IS_CLASSIC = "40085", "40084"
CODES: dict[type[ExchangeError], tuple[str, ...]] = {
    BadKeyError: ("40037", "40006", "40001", "40002"),
    BadSignatureError: ("40009", "40010", "40003"),
    BadPassphraseError: ("40012", "40011", "40036"),
    IpNotAllowedError: ("40018", "40038", "49003"),
    PermissionMissingError: ("40014", "40040"),
    TimestampSkewError: ("40004", "40005", "40008", "40911", "40078"),
    RateLimitedError: ("429", "1001", "30014", "50009"),
    MaintenanceError: ("40200", "40015", "40308", "41114", "43115", "40604"),
    WrongAccountModeError: (IS_UNIFIED, IS_CLASSIC),
    AccountRestrictedError: ("40013", "40016", "40031", "40710"),
    BadRequestError: ("40017", "400172", "40034", "40704", "40705"),
}
ERRORS = {code: kind for kind, codes in CODES.items() for code in codes}


def check(connector: RestConnector, answer: Answer) -> None:
    """Raise what the body's code stands for; where that says nothing, the HTTP status speaks: any 5xx may pass."""
    body = answer.payload
    coded = not answer.problem and isinstance(body, dict) and "code" in body
    code = str(body["code"]) if coded else f"http-{answer.status}"
    if code == SUCCESS:
        return
    kind = ERRORS.get(code)
    if coded and code == "40009" and "not found" in str(body.get("msg") or body.get("message")).lower():
        kind = BadRequestError
    if kind is None and answer.status == 429:
        kind = RateLimitedError
    if kind is None and answer.status >= 500:
        kind = MaintenanceError
    if kind is None and coded:
        kind = UnknownExchangeError
    if kind is not None:
        raise connector.error(kind, answer, code)
