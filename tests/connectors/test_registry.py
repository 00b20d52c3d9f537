"""Connectors are found by name and made with checked credentials, on hosts that are allowed."""

import pytest

import connectors
from connectors.errors import CredentialError, NotSupportedError, UnsupportedExchangeError

KEY, SECRET = "k" * 64, "s" * 64
PEM_BODY = "MC4CAQAwBQYDK2VwBCIEIN27uRsgxmpTEhD822k8AAAAAAAAAAAAAAAAAAAAAAAA"


def test_exchanges_are_listed_sorted_and_without_the_librarys_own_modules() -> None:
    names = connectors.available()
    assert "binance" in names
    assert names == sorted(names)
    assert not {"types", "errors", "sandbox"} & set(names)


@pytest.mark.parametrize("name", ["nowhere", "types", "sandbox", "_base", "", "binance.signing"])
def test_an_unknown_exchange_is_refused_and_the_known_ones_are_named(name: str) -> None:
    with pytest.raises(UnsupportedExchangeError) as caught:
        connectors.create(name, api_key=KEY, api_secret=SECRET)
    assert caught.value.known == connectors.available()
    with pytest.raises(UnsupportedExchangeError):
        connectors.describe(name)


@pytest.mark.parametrize(
    ("fields", "field", "problem"),
    [
        ({"api_key": ""}, "api_key", "empty"),
        ({"api_key": "a b"}, "api_key", "blanks"),
        ({"api_key": "a\u200bb"}, "api_key", "blanks"),
        ({"api_key": "ключ"}, "api_key", "undecodable"),
        ({"api_secret": "\t "}, "api_secret", "empty"),
        ({"api_secret": "a\nb"}, "api_secret", "blanks"),
        ({"api_secret": "-----BEGIN PRIVATE KEY-----"}, "api_secret", "undecodable"),
        ({"api_secret": "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"}, "api_secret", "undecodable"),
    ],
)
def test_a_bad_field_is_named(fields: dict[str, str], field: str, problem: str) -> None:
    with pytest.raises(CredentialError) as caught:
        given = {"api_key": KEY, "api_secret": SECRET, **fields}
        connectors.create("binance", api_key=given["api_key"], api_secret=given["api_secret"])
    assert (caught.value.field, caught.value.problem) == (field, problem)


def test_outer_blanks_of_a_key_are_trimmed() -> None:
    padded = connectors.create("binance", api_key=f" {KEY}\n", api_secret=f"\t{SECRET} ")
    clean = connectors.create("binance", api_key=KEY, api_secret=SECRET)
    ask = [one.prepare("GET", "https://api.binance.com/api/v3/account", now_ms=1) for one in (padded, clean)]
    assert (ask[0].url, ask[0].headers) == (ask[1].url, ask[1].headers)


@pytest.mark.parametrize(
    "url", ["http://api.example.com", "ftp://127.0.0.1", "https://a:b@c.example", "https://c/?q", "x"]
)
def test_an_unsafe_host_is_refused(url: str) -> None:
    with pytest.raises(NotSupportedError):
        connectors.create("binance", api_key=KEY, api_secret=SECRET, hosts={"spot": url})


def test_an_unknown_host_key_is_refused() -> None:
    with pytest.raises(NotSupportedError):
        connectors.create("binance", api_key=KEY, api_secret=SECRET, hosts={"rest": "https://api.example.com"})


def test_an_unknown_option_is_refused() -> None:
    with pytest.raises(CredentialError, match="region"):
        connectors.create("binance", api_key=KEY, api_secret=SECRET, options={"region": "moon"})
