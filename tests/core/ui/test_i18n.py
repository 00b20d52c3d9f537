"""Languages: every sentence reaches the catalogue, and none is written past it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.locales.__main__ import find_messages
from core.ui.i18n import _, current_language, use_language

ROOT = Path(__file__).parents[3]
SOURCES = sorted([*(ROOT / "core" / "ui").glob("*.py"), *(ROOT / "pages").glob("*.py")])
WRITERS = {"title", "subheader", "markdown", "caption", "button", "text_input", "error", "info", "warning", "success"}
FORBIDDEN = {"html", "json", "exception", "cache_data", "write", "download_button"}


def calls(path: Path) -> Iterator[ast.Call]:
    """Yield every call in a file, those inside f-strings too."""
    yield from (node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call))


def test_every_marked_sentence_reaches_the_catalogue() -> None:
    marked = {
        node.args[0].value
        for path in SOURCES
        for node in calls(path)
        if isinstance(node.func, ast.Name)
        and node.func.id in ("_", "N_")
        and node.args
        and isinstance(node.args[0], ast.Constant)
    }
    assert len(marked) > 300
    assert marked - set(find_messages("ui")) == set()


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_no_sentence_is_written_past_the_catalogue(path: Path) -> None:
    for node in calls(path):
        named = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        if named in WRITERS and node.args and isinstance(node.args[0], ast.Constant):
            assert " " not in str(node.args[0].value), node.args[0].value


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_no_page_uses_what_the_security_model_forbids(path: Path) -> None:
    for node in calls(path):
        assert not (isinstance(node.func, ast.Attribute) and node.func.attr in FORBIDDEN), ast.unparse(node)
        assert "unsafe_allow_html" not in {keyword.arg for keyword in node.keywords}


@pytest.mark.parametrize("path", sorted((ROOT / "pages").glob("*.py")), ids=lambda path: path.name)
def test_a_page_is_short_and_asks_who_is_there_first(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 120
    main = next(node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef) and node.name == "main")
    assert "require_scope(" in ast.unparse(main.body[1])


def test_an_unknown_language_falls_back_to_portuguese() -> None:
    use_language("tlh")
    assert current_language() == "pt_BR"
    assert _("Overview") == "Visão geral"
    use_language("en")
    assert _("Overview") == "Overview"
