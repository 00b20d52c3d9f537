"""Visible sentences in the language of whoever is signed in: `_()` translates, `N_()` only marks for the catalogue."""

from contextvars import ContextVar

from core.locales import translator

FALLBACK = "pt_BR"
LANGUAGES = {"pt_BR": "Português (Brasil)", "en": "English"}

_language: ContextVar[str] = ContextVar("language", default=FALLBACK)


def use_language(language: str) -> None:
    """Translate into this language for the rest of the script run; an unknown one falls back to Portuguese."""
    _language.set(language if language in LANGUAGES else FALLBACK)


def current_language() -> str:
    """Return the language of this script run."""
    return _language.get()


def _(message: str) -> str:
    """Return the message in the language of this script run."""
    return translator(_language.get())(message)


def N_(message: str) -> str:  # noqa: N802 (the usual name of gettext's marker)
    """Mark a message for the catalogue without translating it yet."""
    return message
