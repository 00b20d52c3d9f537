"""Catalogues: complete in both languages, with the same placeholders."""

import re
from pathlib import Path

import pytest

from core.locales import FOLDER, LANGUAGES, choose_language, load_messages, translator
from core.locales.__main__ import SOURCES, find_messages, update_catalogue

PLACEHOLDER = re.compile(r"\{[a-z_]*\}")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("area", list(SOURCES))
def test_every_sentence_in_the_code_is_translated(language: str, area: str) -> None:
    sentences = set(find_messages(area))
    assert len(sentences) > 50
    assert sorted(sentences - set(load_messages(language))) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_keeps_the_placeholders(language: str) -> None:
    for sentence, translation in load_messages(language).items():
        assert sorted(PLACEHOLDER.findall(sentence)) == sorted(PLACEHOLDER.findall(translation)), sentence


def test_english_is_what_the_code_says() -> None:
    assert {sentence: text for sentence, text in load_messages("en").items() if sentence != text} == {}


def test_portuguese_is_the_fallback_and_an_unknown_sentence_stays() -> None:
    assert translator("pt_BR")("Sign in") == translator("tlh")("Sign in") == "Entrar"
    assert translator("en")("Sign in") == "Sign in"
    assert translator("pt_BR")("Not in any catalogue") == "Not in any catalogue"


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("pt-BR,pt;q=0.9,en;q=0.8", "pt_BR"),
        ("en-GB,en;q=0.9,pt;q=0.8", "en"),
        ("de,en;q=0.3,pt;q=0.2", "en"),
        ("pt-PT", "pt_BR"),
        ("en;q=0", "pt_BR"),
        ("de", "pt_BR"),
        ("", "pt_BR"),
        ("en;q=x,,;", "pt_BR"),
    ],
)
def test_the_browsers_best_language_is_chosen(header: str, language: str) -> None:
    assert choose_language(header) == language


def test_updating_keeps_translations_adds_what_is_new_and_drops_what_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "pt_BR" / "web.po"
    assert update_catalogue(path, "pt_BR", ["Old", 'A "quoted" one\n']) == 2
    path.write_text(path.read_text().replace('msgid "Old"\nmsgstr ""', 'msgid "Old"\nmsgstr "Velho"'))
    assert update_catalogue(path, "pt_BR", ["Old", "New"]) == 1
    assert 'msgid "Old"\nmsgstr "Velho"' in path.read_text()
    assert "quoted" not in path.read_text()
    assert FOLDER not in path.parents
