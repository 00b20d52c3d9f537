"""Catalogues of visible sentences: English is written in the code, each folder here holds one language's .po files."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path

from babel.messages.pofile import read_po

LANGUAGES = ("pt_BR", "en")
FALLBACK = "pt_BR"
FOLDER = Path(__file__).parent


def translator(language: str) -> Callable[[str], str]:
    """Return the function that translates an English sentence; one that is in no catalogue stays as it is.

    An unknown language falls back to Portuguese.
    """
    messages = load_messages(language if language in LANGUAGES else FALLBACK)
    return lambda message: messages.get(message, message)


@lru_cache(maxsize=len(LANGUAGES))
def load_messages(language: str) -> Mapping[str, str]:
    """Return every translated sentence of a language, read from all its .po files once per process."""
    messages: dict[str, str] = {}
    for path in sorted((FOLDER / language).glob("*.po")):
        with path.open("rb") as file:
            catalogue = read_po(file, locale=language)
        messages |= {str(m.id): str(m.string) for m in catalogue if m.id and m.string and not m.fuzzy}
    return messages


def choose_language(accept_language: str, *, fallback: str = FALLBACK) -> str:
    """Return the language of ours that a browser's Accept-Language header likes best."""
    ranked: list[tuple[float, str]] = []
    for item in accept_language.split(",")[:20]:
        tag, _, weight = item.partition(";q=")
        primary = tag.strip().partition("-")[0].lower()
        known = {"pt": "pt_BR", "en": "en"}.get(primary)
        if known:
            ranked.append((_to_weight(weight), known))
    if not ranked:
        return fallback
    best = max(weight for weight, _ in ranked)
    return next(language for weight, language in ranked if weight == best) if best > 0 else fallback


def _to_weight(text: str) -> float:
    try:
        return float(text) if text else 1.0
    except ValueError:
        return 0.0
