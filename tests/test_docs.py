"""The README tells of every setting, every command and every exchange."""

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import connectors
from core.__main__ import make_parser
from core.config import setting_names

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def commands(parser: argparse.ArgumentParser, before: str = "") -> Iterator[str]:
    groups = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    if not groups:
        yield before.strip()
    for name, child in ((name, child) for group in groups for name, child in group.choices.items()):
        yield from commands(child, f"{before} {name}")


def section(title: str) -> str:
    return README.split(f"\n## {title}", 1)[1].split("\n## ", 1)[0]


@pytest.mark.parametrize("name", setting_names())
def test_every_setting_has_a_row_in_the_readme(name: str) -> None:
    assert f"| `{name}` |" in section("Settings")


def test_the_readme_names_no_setting_that_does_not_exist() -> None:
    assert set(re.findall(r"\bGA_[A-Z_]+", README)) <= set(setting_names())


@pytest.mark.parametrize("command", list(commands(make_parser())))
def test_every_command_is_in_the_readme(command: str) -> None:
    assert f"`{command}`" in section("Command line")


@pytest.mark.parametrize("exchange", connectors.available())
def test_every_exchange_brings_the_steps_for_a_read_only_key(exchange: str) -> None:
    steps = (ROOT / "connectors" / exchange / "KEY.md").read_text(encoding="utf-8")
    assert steps.startswith(f"# A read-only key for {connectors.describe(exchange).name}\n\n1. ")
    assert len(re.findall(r"^\d\. ", steps, re.MULTILINE)) >= 3
    assert f"](../connectors/{exchange}/KEY.md)" in (ROOT / "docs" / "exchanges.md").read_text(encoding="utf-8")


def test_the_readme_says_where_the_steps_of_each_exchange_are() -> None:
    assert "`KEY.md`" in section("Keys")


def test_every_target_of_the_makefile_that_people_call_is_in_the_readme() -> None:
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert phony is not None
    for target in set(phony[1].split()) - {"lock", "format"}:
        assert f"`make {target}" in README or f"\nmake {target} " in README


@pytest.mark.parametrize("page", sorted(path.relative_to(ROOT) for path in ROOT.glob("*.md")), ids=str)
def test_every_file_that_a_document_links_to_exists(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#:]+)\)", (ROOT / page).read_text(encoding="utf-8"))
    assert [target for target in targets if not (ROOT / page.parent / target).exists()] == []
