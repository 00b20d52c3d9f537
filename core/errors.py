"""Everything the platform refuses, as typed errors whose `code` is translated on the screen and returned by routes.

PlatformError
├── ConfigurationError          wrong setting, database or key files: the process ends with 78
│   └── VaultLockedError        the vault's private keys are missing or wrong (names the key ids)
├── NotSignedInError            no valid login session
├── NotFoundError               unknown or foreign id: the same answer for both
├── ForbiddenError              the role may not do this
├── StepUpRequiredError         the login is older than ten minutes
├── InvalidInputError           one field is wrong (names the field)
├── ConflictError               the stored state has moved on
├── ThrottledError              too many attempts; says how long to wait
├── DamagedCredentialError      a sealed credential does not open
├── LeaseLostError              another sidecar holds the account (stale fencing number)
└── StorageUnavailableError     the database is locked or down after retries
"""


class PlatformError(Exception):
    """Base of all errors of the platform. `code` is stable; the text is for logs and names no secret."""

    code = "platform"

    def __init__(self, detail: str = "", *, code: str | None = None) -> None:
        super().__init__(detail or code or self.code)
        if code is not None:
            self.code = code


class ConfigurationError(PlatformError):
    """A setting is wrong or missing; the text says what to do."""

    code = "configuration"


class VaultLockedError(ConfigurationError):
    """The private keys that the stored tokens need are missing, wrong or unreadable."""

    code = "vault_locked"

    def __init__(self, detail: str, kids: tuple[str, ...] = ()) -> None:
        super().__init__(detail)
        self.kids = kids


class NotSignedInError(PlatformError):
    """There is no valid login session."""

    code = "not_signed_in"


class NotFoundError(PlatformError):
    """The id is unknown or belongs to somebody else."""

    code = "not_found"


class ForbiddenError(PlatformError):
    """The role may not do this."""

    code = "forbidden"


class StepUpRequiredError(PlatformError):
    """The password must be given again: the login is older than ten minutes."""

    code = "step_up_required"


class InvalidInputError(PlatformError):
    """One field is wrong; `code` names the problem, `field` the input."""

    code = "invalid_input"

    def __init__(self, field: str, code: str) -> None:
        super().__init__(f"{field}: {code}", code=code)
        self.field = field


class ConflictError(PlatformError):
    """The stored state has moved on since it was read; look again."""

    code = "conflict"


class ThrottledError(PlatformError):
    """Too many attempts; try again after `retry_after` seconds."""

    code = "throttled"

    def __init__(self, retry_after: float) -> None:
        super().__init__(f"retry after {retry_after:.0f} s")
        self.retry_after = retry_after


class DamagedCredentialError(PlatformError):
    """A sealed credential does not open under its own row's context."""

    code = "damaged_credential"


class LeaseLostError(PlatformError):
    """The lease ended or the fencing number is stale; nothing was written."""

    code = "lease_lost"


class StorageUnavailableError(PlatformError):
    """The database is locked or down."""

    code = "storage_unavailable"
