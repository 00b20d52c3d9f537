"""`python -m core.locales`: bring the catalogues up to date with the sentences in the code."""

import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.extract import extract_from_file
from babel.messages.pofile import normalize, read_po

from core.locales import FOLDER, LANGUAGES

ROOT = FOLDER.parent.parent
SOURCES = {
    "web": ("app.py", "core/api/**/*.py", "core/api/templates/*.html"),
    "ui": ("core/ui/**/*.py", "pages/*.py"),
}
EXTRACTORS = {".py": "python", ".html": "jinja2.ext:babel_extract"}
KEYWORDS = {"_": None, "N_": None}


def find_messages(area: str) -> Iterator[str]:
    """Yield every English sentence of an area (web or ui) that the code marks for translation."""
    for pattern in SOURCES[area]:
        for path in sorted(ROOT.glob(pattern)):
            found = extract_from_file(EXTRACTORS[path.suffix], str(path), keywords=KEYWORDS)
            yield from (str(message) for _, message, _, _ in found)


def update_catalogue(path: Path, language: str, messages: list[str]) -> int:
    """Add missing sentences to a .po file and drop those no longer used; return how many wait for a translation."""
    known: dict[str, str] = {}
    if path.exists():
        with path.open("rb") as file:
            known = {str(message.id): str(message.string) for message in read_po(file, locale=language)}
    texts = {message: known.get(message) or (message if language == "en" else "") for message in messages}
    head = f'msgid ""\nmsgstr ""\n"Language: {language}\\n"\n"Content-Type: text/plain; charset=utf-8\\n"\n'
    entries = (
        f"\nmsgid {normalize(message, width=0)}\nmsgstr {normalize(text, width=0)}\n" for message, text in texts.items()
    )
    path.parent.mkdir(exist_ok=True)
    path.write_text(head + "".join(entries), encoding="utf-8")
    return sum(1 for text in texts.values() if not text)


def main() -> int:
    """Update every catalogue and tell how many sentences wait for a translation."""
    for area in SOURCES:
        messages = list(dict.fromkeys(find_messages(area)))
        for language in LANGUAGES:
            waiting = update_catalogue(FOLDER / language / f"{area}.po", language, messages)
            sys.stdout.write(f"{language}/{area}.po: {len(messages)} sentences, {waiting} without translation\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
