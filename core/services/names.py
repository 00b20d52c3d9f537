"""Rules for names that people give: length, normal form, no invisible or direction-changing characters."""

import unicodedata

from core.errors import InvalidInputError

LONGEST = 80
# Cc control, Cf format (bidi marks, zero width), Cs surrogate, Co private use, Cn unassigned, Zl/Zp separators
REFUSED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def clean_name(text: str, field: str = "name") -> str:
    """Return the name in normal form C without outer blanks.

    Raises:
        InvalidInputError: `required`, `too_long` (over 80 characters) or `forbidden_character`, naming the field.
    """
    name = unicodedata.normalize("NFC", text).strip()
    if not name:
        raise InvalidInputError(field, "required")
    if len(name) > LONGEST:
        raise InvalidInputError(field, "too_long")
    if any(unicodedata.category(character) in REFUSED for character in name):
        raise InvalidInputError(field, "forbidden_character")
    return name
