"""What OKX's error codes mean; every answer carries one as text, 0 for success, with HTTP 200 or not."""

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
    RegionBlockedError,
    TimestampSkewError,
    UnknownExchangeError,
)

SUCCESS = "0"
OPERATION_FAILED = ("1", "2")
CODES: dict[type[ExchangeError], tuple[str, ...]] = {
    BadKeyError: ("50111", "50103", "50119", "50114", "50101"),
    BadPassphraseError: ("50104", "50105"),
    BadSignatureError: ("50113", "50106"),
    IpNotAllowedError: ("50110",),
    PermissionMissingError: ("50120", "50030", "50035"),
    AccountRestrictedError: ("50100", "50007", "50008", "50027", "50028", "50029"),
    TimestampSkewError: ("50102", "50112", "50107"),
    RateLimitedError: ("50011", "50013", "50040", "50061"),
    MaintenanceError: ("50001", "50004", "50026"),
    RegionBlockedError: ("50121", "50051", "50052", "50059"),
    BadRequestError: ("50014", "50015", "50016", "50024", "50025", "51000", "51001"),
}
ERRORS = {code: kind for kind, codes in CODES.items() for code in codes}


def check(connector: RestConnector, answer: Answer) -> None:
    """Raise what the body's code stands for; where that says nothing, the HTTP status speaks: any 5xx may pass."""
    body = answer.payload
    coded = not answer.problem and isinstance(body, dict) and "code" in body
    code = str(body["code"]) if coded else f"http-{answer.status}"
    if code == SUCCESS:
        return
    kind = ERRORS.get(_inner(body) if code in OPERATION_FAILED else code)
    if kind is None and answer.status == 429:
        kind = RateLimitedError
    if kind is None and answer.status >= 500:
        kind = MaintenanceError
    if kind is None and coded:
        kind = UnknownExchangeError
    if kind is not None:
        raise connector.error(kind, answer, code)


def _inner(body: dict[str, object]) -> str:
    """Return the code of the first row of a failed operation, empty where there is none."""
    found = body.get("data")
    first = found[0] if isinstance(found, list) and found else None
    return str(first.get("sCode", "")) if isinstance(first, dict) else ""
