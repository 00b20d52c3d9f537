"""The type that every secret lives in, so that none is printed, pickled or compared in variable time by accident."""

import hmac
from typing import NoReturn, SupportsIndex

MASK = "•••"


class Secret:
    """A secret text: shown as `•••` everywhere; only `reveal()` gives it out."""

    __slots__ = ("__value",)

    def __init__(self, value: str) -> None:
        self.__value = value

    def reveal(self) -> str:
        """Return the text; call it only where it is sealed, hashed or used for signing."""
        return self.__value

    def __bool__(self) -> bool:
        return bool(self.__value)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(_to_bytes(self.__value), _to_bytes(other.__value))

    __hash__ = None  # type: ignore[assignment]  # a hash would leak equality and end up in dictionaries

    def __repr__(self) -> str:
        return MASK

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return MASK

    def __copy__(self) -> "Secret":
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> "Secret":
        return self

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        raise TypeError("a Secret is never pickled")


def _to_bytes(value: str) -> bytes:
    return value.encode("utf-8", "surrogatepass")
