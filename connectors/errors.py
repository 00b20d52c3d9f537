"""Everything a connector may raise, one class per error code of the exchanges' documentation.

ConnectorError
├── CredentialError             a field is empty or undecodable (names the field, never its value)
├── UnsupportedExchangeError    unknown exchange id
├── NotSupportedError           the exchange does not offer this read
└── ExchangeError               the exchange, or the way to it, said no
    ├── BadKeyError, BadSignatureError, BadPassphraseError, AuthAmbiguousError, IpNotAllowedError,
    │   PermissionMissingError, TimestampSkewError, RegionBlockedError, AccountRestrictedError,
    │   WrongAccountModeError, BadRequestError, BadResponseError
    ├── RateLimitedError, IpBannedError, MaintenanceError, NetworkError     (retryable)
    └── UnknownExchangeError
"""


class ConnectorError(Exception):
    """Base of all connector failures; `code` is stable and never translated."""

    code = "connector"


class CredentialError(ConnectorError):
    """A credential field is empty, contains blanks or cannot be decoded."""

    code = "credential"

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem


class UnsupportedExchangeError(ConnectorError):
    """No connector has this id."""

    code = "unsupported_exchange"

    def __init__(self, exchange: str, known: list[str]) -> None:
        super().__init__(f"unknown exchange {exchange!r}; known: {', '.join(known)}")
        self.exchange = exchange
        self.known = known


class NotSupportedError(ConnectorError):
    """The exchange has no such read; show "not available", never zero."""

    code = "not_supported"


class ExchangeError(ConnectorError):
    """A failed call. The text holds the code, the exchange's own code and the path, never a query, key or payload.

    Args:
        venue_code: the exchange's own error code as text, or "http-503", "timeout" and the like.
        path: the path called, without query.
        retryable: whether the same read may be repeated; None takes the class's default.
        retry_after: seconds the exchange asks to wait, when it says so.
    """

    code = "unknown"
    retryable_by_default = False

    def __init__(
        self,
        venue_code: str = "",
        path: str = "",
        *,
        exchange: str = "",
        retryable: bool | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(f"{exchange or 'exchange'} {self.code} ({venue_code}) at {path}")
        self.exchange = exchange
        self.venue_code = venue_code
        self.path = path
        self.retryable = self.retryable_by_default if retryable is None else retryable
        self.retry_after = retry_after

    @property
    def cure(self) -> str:
        """Key of the sentence that tells a person what to do."""
        return f"cure.{self.code}"


class BadKeyError(ExchangeError):
    """The exchange does not know the key."""

    code = "bad_key"


class BadSignatureError(ExchangeError):
    """The secret does not fit the key."""

    code = "bad_signature"


class BadPassphraseError(ExchangeError):
    """The passphrase does not fit the key."""

    code = "bad_passphrase"


class AuthAmbiguousError(ExchangeError):
    """Key, address or permission: the exchange does not say which."""

    code = "auth_ambiguous"


class IpNotAllowedError(ExchangeError):
    """The key is bound to other addresses."""

    code = "ip_not_allowed"


class PermissionMissingError(ExchangeError):
    """The key lacks the permission for this read."""

    code = "permission_missing"


class TimestampSkewError(ExchangeError):
    """The request's time is outside the exchange's window."""

    code = "timestamp_skew"
    retryable_by_default = True


class RateLimitedError(ExchangeError):
    """Too many requests; wait `retry_after` seconds.

    `scope` says whose limit the endpoint counts against: ip (everybody behind this address), uid or key (this account).
    """

    code = "rate_limited"
    retryable_by_default = True
    scope = "ip"


class IpBannedError(ExchangeError):
    """The address is banned for a while."""

    code = "ip_banned"
    retryable_by_default = True


class RegionBlockedError(ExchangeError):
    """The exchange does not serve this server's region."""

    code = "region_blocked"


class MaintenanceError(ExchangeError):
    """The exchange is down for maintenance or overloaded."""

    code = "maintenance"
    retryable_by_default = True


class AccountRestrictedError(ExchangeError):
    """The exchange has restricted the account."""

    code = "account_restricted"


class WrongAccountModeError(ExchangeError):
    """The read belongs to another account mode (classic, unified, portfolio margin)."""

    code = "wrong_account_mode"


class BadRequestError(ExchangeError):
    """The exchange refused our parameters: a fault of the connector."""

    code = "bad_request"


class BadResponseError(ExchangeError):
    """The answer is not what the exchange documents; nothing of it was used."""

    code = "bad_response"
    retryable_by_default = True


class NetworkError(ExchangeError):
    """No whole answer arrived in time."""

    code = "network"
    retryable_by_default = True


class UnknownExchangeError(ExchangeError):
    """A code that is not documented."""

    code = "unknown"
