"""Coinbase in the sandbox: whom it lets in, how it refuses, what it counts, how it pages."""

import base64
import json
import secrets
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import ccxt
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from connectors.sandbox import Sandbox
from connectors.sandbox.dialects import load
from tests.connectors.sandbox.callers import Clock

V3 = "/api/v3/brokerage"
ACCOUNTS = f"{V3}/accounts"


def encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


class Caller:
    """Signs as the documentation says, with nothing of the connector or the sandbox."""

    def __init__(self, sandbox: Sandbox, clock: Clock, http: requests.Session) -> None:
        self.sandbox, self.clock, self.http = sandbox, clock, http

    def token(self, name: str, path: str, **changes: object) -> str:
        key, now = self.sandbox.key("coinbase", name), self.clock.ms() // 1000
        claims: dict[str, object] = {
            "sub": key.api_key,
            "iss": "cdp",
            "nbf": now,
            "exp": now + 120,
            "uri": f"GET api.coinbase.com{path}",
        }
        ec = key.api_secret.startswith("-----BEGIN")
        header: dict[str, object] = {
            "alg": "ES256" if ec else "EdDSA",
            "kid": key.api_key,
            "nonce": secrets.token_hex(),
            "typ": "JWT",
        }
        header |= {item: value for item, value in changes.items() if item in header}
        claims |= {item: value for item, value in changes.items() if item in claims}
        text = f"{encoded(json.dumps(header).encode())}.{encoded(json.dumps(claims).encode())}"
        if ec:
            private = load_pem_private_key(key.api_secret.encode(), None)
            assert isinstance(private, EllipticCurvePrivateKey)
            pair = decode_dss_signature(private.sign(text.encode(), ECDSA(SHA256())))
            signature = b"".join(number.to_bytes(32) for number in pair)
        else:
            seed = base64.b64decode(key.api_secret)[:32]
            signature = Ed25519PrivateKey.from_private_bytes(seed).sign(text.encode())
        return f"{text}.{encoded(signature)}"

    def get(self, path: str, name: str = "good", token: str | None = None, **params: Any) -> requests.Response:  # noqa: ANN401
        sent = {"Authorization": f"Bearer {token or self.token(name, path)}"}
        return self.http.get(self.sandbox.hosts()["coinbase"]["rest"] + path, headers=sent, params=params, timeout=5)


@pytest.fixture
def caller(sandbox: Sandbox, clock: Clock) -> Iterator[Caller]:
    with requests.Session() as http:
        http.trust_env = False
        yield Caller(sandbox, clock, http)


@pytest.mark.parametrize("name", ["good", "second"])
def test_a_token_of_either_algorithm_is_let_in(caller: Caller, name: str) -> None:
    answer = caller.get(ACCOUNTS, name)
    assert answer.status_code == 200
    assert {"USDC", "BTC", "BRL"} <= {row["currency"] for row in answer.json()["accounts"]}


@pytest.mark.parametrize(
    "changes",
    [
        {"sub": "somebody"},
        {"iss": "me"},
        {"uri": f"GET api.coinbase.com{ACCOUNTS}?limit=1"},
        {"uri": f"POST api.coinbase.com{ACCOUNTS}"},
        {"uri": f"GET elsewhere.example{ACCOUNTS}"},
        {"nonce": ""},
        {"alg": "none"},
        {"kid": "unknown"},
        {"nbf": 1, "exp": 121},
        {"exp": 9_999_999_999},
    ],
    ids=str,
)
def test_every_part_of_a_token_is_checked(caller: Caller, changes: dict[str, object]) -> None:
    answer = caller.get(ACCOUNTS, token=caller.token("good", ACCOUNTS, **changes))
    assert (answer.status_code, answer.text) == (401, "Unauthorized\n")


def test_a_token_that_was_tampered_with_or_is_none_is_refused(caller: Caller) -> None:
    good = caller.token("good", ACCOUNTS)
    head, _claims, signature = good.split(".")
    other = caller.token("good", ACCOUNTS, exp=1).split(".")[1]
    for token in (f"{head}.{other}.{signature}", good[:-8] + "AAAAAAAA", "x", "a.b.c", "e30.W10.AAAA"):
        assert caller.get(ACCOUNTS, token=token).status_code == 401


@pytest.mark.parametrize(
    ("name", "v3", "app"),
    [
        ("revoked", (401, ""), (401, "authentication_error")),
        ("expired", (401, ""), (401, "authentication_error")),
        ("testnet", (401, ""), (401, "authentication_error")),
        ("wrong_ip", (401, ""), (401, "unauthorized")),
        ("blind", (403, "PERMISSION_DENIED"), (403, "invalid_scope")),
    ],
)
def test_bad_keys_are_refused(caller: Caller, name: str, v3: tuple[int, str], app: tuple[int, str]) -> None:
    answer = caller.get(ACCOUNTS, name)
    code = answer.json()["error"] if answer.status_code == 403 else ""
    assert (answer.status_code, code) == v3
    answer = caller.get("/v2/accounts", name)
    assert (answer.status_code, answer.json()["errors"][0]["id"]) == app


def test_a_key_that_may_not_view_may_still_ask_what_it_may(caller: Caller) -> None:
    rights = caller.get(f"{V3}/key_permissions", "blind").json()
    assert (rights["can_view"], rights["can_transfer"], rights["portfolio_type"]) == (False, False, "DEFAULT")
    assert caller.get(f"{V3}/key_permissions", "transfer").json()["can_transfer"] is True


def test_a_user_has_thirty_requests_a_second_whatever_the_key(caller: Caller, clock: Clock) -> None:
    statuses = [caller.get(f"{V3}/portfolios", name).status_code for name in ("good", "second") * 15]
    assert set(statuses) == {200}
    refused = caller.get(f"{V3}/portfolios")
    assert (refused.status_code, refused.json()["error"]) == (429, "resource_exhausted")
    assert caller.get(f"{V3}/portfolios", "spot").status_code == 200
    clock.move(seconds=1)
    assert caller.get(f"{V3}/portfolios").headers["x-ratelimit-remaining"] == "29"


@pytest.mark.parametrize("name", ["good", "spot", "empty", "one_way"])
def test_every_read_answers(caller: Caller, sandbox: Sandbox, name: str) -> None:
    portfolio = caller.get(f"{V3}/key_permissions", name).json()["portfolio_uuid"]
    wallets = [row["id"] for row in caller.get("/v2/accounts", name).json()["data"]]
    for _method, template in load("coinbase").endpoints:
        if "{id}" in template and not wallets:
            continue
        path = template.replace("{uuid}", portfolio).replace("{id}", "".join(wallets[:1]))
        expected = 403 if name == "spot" and "/cfm/" in path else 200
        assert caller.get(path, name).status_code == expected, path
        sandbox.site("coinbase").limiter.clear()


def test_others_portfolios_and_wallets_are_not_told(caller: Caller) -> None:
    portfolio = caller.get(f"{V3}/key_permissions", "spot").json()["portfolio_uuid"]
    assert caller.get(f"{V3}/portfolios/{portfolio}").status_code == 403
    wallet = caller.get("/v2/accounts", "spot").json()["data"][0]["id"]
    assert caller.get(f"/v2/accounts/{wallet}/transactions").json()["errors"][0]["id"] == "not_found"
    assert caller.get(f"{V3}/nowhere").json()["error"] == "NOT_FOUND"


def test_accounts_page_by_cursor_without_loss(caller: Caller) -> None:
    whole = [row["uuid"] for row in caller.get(ACCOUNTS, "dust", limit=250).json()["accounts"]]
    found: list[str] = []
    answer = caller.get(ACCOUNTS, "dust").json()
    while True:
        found += [row["uuid"] for row in answer["accounts"]]
        if not answer["has_next"]:
            break
        answer = caller.get(ACCOUNTS, "dust", cursor=answer["cursor"], limit=100).json()
    assert found == whole
    assert len(whole) > 200
    assert caller.get(ACCOUNTS, limit=251).json()["error"] == "INVALID_ARGUMENT"


def test_transactions_page_by_the_next_address_and_hold_no_commission(caller: Caller, sandbox: Sandbox) -> None:
    wallets = caller.get("/v2/accounts", limit=100).json()["data"]
    wallet = next(row for row in wallets if row["name"] == "USDC Wallet")
    path, params, rows = f"/v2/accounts/{wallet['id']}/transactions", {"limit": "25"}, []
    while True:
        answer = caller.get(path, **params).json()
        rows += answer["data"]
        following = answer["pagination"]["next_uri"]
        if following is None:
            break
        assert following.startswith(path + "?")
        params = dict(part.split("=") for part in following.partition("?")[2].split("&"))
    assert len({row["id"] for row in rows}) == len(rows) > 100
    fills, cursor = [], ""
    while page := (answer := caller.get(f"{V3}/orders/historical/fills", cursor=cursor).json())["fills"]:
        fills += page
        cursor = answer["cursor"]
    moved = sum(Decimal(row["amount"]["amount"]) for row in rows if row["status"] == "completed")
    paid = sum(Decimal(row["commission"]) for row in fills if row["product_id"].endswith("-USDC"))
    uid = sandbox.key("coinbase", "good").uid
    opening = sandbox.world.opening(uid)["spot"]["USDT"]
    assert opening + moved - paid == sandbox.world.book(uid, sandbox.world.clock()).wallets["spot"]["USDT"]


def test_the_derivatives_total_repeats_the_dollars_beside_it(caller: Caller) -> None:
    summary = caller.get(f"{V3}/cfm/balance_summary").json()["balance_summary"]
    cash, beside = (Decimal(summary[name]["value"]) for name in ("cfm_usd_balance", "cbi_usd_balance"))
    assert Decimal(summary["total_usd_balance"]["value"]) == cash + beside
    assert beside > 0
    row = next(row for row in caller.get(ACCOUNTS).json()["accounts"] if row["platform"].endswith("CFM_CONSUMER"))
    assert Decimal(row["available_balance"]["value"]) == cash
    assert caller.get(f"{V3}/cfm/balance_summary", "empty").json() == {"balance_summary": None}


@pytest.mark.parametrize(("name", "error"), [("revoked", ccxt.AuthenticationError), ("blind", ccxt.PermissionDenied)])
def test_ccxt_understands_the_refusals(sandbox: Sandbox, clock: Clock, name: str, error: type[Exception]) -> None:
    key = sandbox.key("coinbase", name)
    client = ccxt.coinbase({"apiKey": key.api_key, "secret": key.api_secret, "enableRateLimit": False})
    client.urls["api"]["rest"] = sandbox.hosts()["coinbase"]["rest"]
    client.session.trust_env, client.seconds = False, lambda: clock.ms() // 1000
    with pytest.raises(error):
        client.v3PrivateGetBrokerageAccounts()
    client.session.close()
