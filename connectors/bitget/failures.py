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
    NetworkError,
    PermissionMissingError,
    RateLimitedError,
    RegionBlockedError,
    TimestampSkewError,
    UnknownExchangeError,
    WrongAccountModeError,
)

SUCCESS = "00000"
IS_UNIFIED = "40085"
NOT_UNIFIED = ("40084", "25245")  # the first was never seen documented, the second is among the unified account's codes
CODES: dict[type[ExchangeError], tuple[str, ...]] = {
    BadKeyError: ("40037", "40041", "40006", "40001", "40002"),
    BadSignatureError: ("40009", "40010", "40003"),
    BadPassphraseError: ("40012", "40011", "40036"),
    IpNotAllowedError: ("40018", "40038", "49003"),
    PermissionMissingError: ("40014", "40040", "40025", "25620"),
    TimestampSkewError: ("40004", "40005", "40008", "40911", "40078"),
    RateLimitedError: ("429", "1001", "30014", "50009", "25004"),
    MaintenanceError: ("40200", "40015", "40308", "41114", "43115", "40604", "25000", "25001", "25003"),
    WrongAccountModeError: (IS_UNIFIED, *NOT_UNIFIED),
    AccountRestrictedError: ("40013", "40016", "40022", "40024", "40026", "40031", "40710", "40760", "25006", "25007"),
    RegionBlockedError: ("40103",),
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
    words = str(body.get("msg") or body.get("message")).lower() if coded else ""
    if code == "40009" and "not found" in words:
        kind = BadRequestError
    if code == "40010" and "timed out" in words:
        kind = NetworkError
    if kind is None and answer.status == 429:
        kind = RateLimitedError
    if kind is None and answer.status >= 500:
        kind = MaintenanceError
    if kind is None and coded:
        kind = UnknownExchangeError
    if kind is not None:
        raise connector.error(kind, answer, code)
