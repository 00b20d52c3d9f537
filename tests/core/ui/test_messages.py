"""Every code has a title and a cure; no code shows itself or a traceback."""

import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors import errors as connector_errors
from core import errors as platform_errors
from core.ui.i18n import use_language
from core.ui.messages import KNOWN, explain, support_code

ROOT = Path(__file__).parents[3]
WITHOUT_WORDS = {"connector", "unknown", "platform", "configuration"}  # bases, and what only ends a process
ON_SIGN_IN_PAGES = {"wrong_login", "wrong_password", "setup_done", "bad_link"}  # core/api has the words
REFUSALS = {"may_withdraw", "duplicate_account", "other_identity", "permissions_unknown", "key_expired"}


def codes() -> Iterator[str]:
    """Yield the code of every error class, and every code that services and the check list name."""
    for module in (connector_errors, platform_errors):
        for _name, kind in inspect.getmembers(module, inspect.isclass):
            yield str(vars(kind).get("code", "unknown"))
    for path in (ROOT / "core" / "services").glob("*.py"):
        text = path.read_text(encoding="utf-8")
        yield from re.findall(r'code="([a-z_]+)"', text)
        yield from re.findall(r'InvalidInputError\([^,()]+, "([a-z_]+)"\)', text)
    yield from REFUSALS


@pytest.mark.parametrize("code", sorted(set(codes()) - WITHOUT_WORDS - ON_SIGN_IN_PAGES))
def test_a_code_has_words_of_its_own(code: str) -> None:
    assert code in KNOWN


@pytest.mark.parametrize("language", ["pt_BR", "en"])
@pytest.mark.parametrize("code", [*sorted(KNOWN), "never_heard_of"])
def test_title_and_cure_are_whole_sentences_without_placeholders(code: str, language: str) -> None:
    use_language(language)
    for exchange, ips in (("Acme", "203.0.113.7"), ("", "")):
        message = explain(code, exchange=exchange, ips=ips)
        for sentence in (message.title, message.cure):
            assert sentence[0].isupper() or sentence[0] == "“"
            assert sentence[-1] in ".”"
            assert "{" not in sentence
            assert code not in sentence or "_" not in code


def test_an_unknown_code_gets_a_support_code_that_is_always_the_same() -> None:
    use_language("pt_BR")
    assert support_code("x") == support_code("x") != support_code("y")
    assert support_code("never_heard_of") in explain("never_heard_of").title


def test_the_cure_names_the_exchange_and_the_address_to_allow() -> None:
    use_language("pt_BR")
    message = explain("ip_not_allowed", exchange="Acme", ips="203.0.113.7")
    assert "203.0.113.7" in message.cure
    assert "Acme" in message.cure
