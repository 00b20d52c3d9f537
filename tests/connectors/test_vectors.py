"""Every connector signs exactly as the official clients do (vectors with dummy keys and a frozen clock)."""

import base64
import json
from typing import Any

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

import connectors
from tests.connectors.cases import Case, credential, vectors


def prepare(case: Case) -> requests.PreparedRequest:
    vector = case.data
    connector = connectors.create(
        case.exchange,
        api_key=vector["credentials"]["api_key"].replace(" ", ""),  # a documentation example says that it has none
        api_secret=credential(vector["credentials"]),
        passphrase=vector["credentials"].get("passphrase"),
        testnet="demo" in vector["name"],
    )
    body = json.loads(vector["body"]) if isinstance(vector["body"], str) else vector["body"]
    return connector.prepare(
        vector["method"],
        vector["base_url"] + vector["path"],
        params=vector["params"] if body is None else {},
        body=body,
        now_ms=vector["timestamp_ms"],
        nonce=vector.get("nonce"),
    )


@pytest.mark.parametrize("case", vectors(), ids=str)
def test_a_request_leaves_exactly_as_the_vector_says(case: Case) -> None:
    request, expected = prepare(case), case.data["expect"]
    body = request.body.decode() if isinstance(request.body, bytes) else request.body
    assert request.method == case.data["method"]
    assert request.url == expected["url"]
    assert (body or None) == (expected["body"] or None)
    for name, value in expected["headers"].items():
        if "<jwt>" in value:
            check_token(request.headers[name].removeprefix("Bearer "), case.data)
            assert request.headers[name] != prepare(case).headers[name]
        else:
            assert request.headers[name] == value, name


def check_token(token: str, vector: dict[str, Any]) -> None:
    head, claims, signature = (base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in token.split("."))
    header, content, expected = json.loads(head), json.loads(claims), vector["expect"]["jwt"]
    assert {name: header[name] for name in ("alg", "kid")} == {
        name: expected["header"][name] for name in ("alg", "kid")
    }
    assert header["nonce"]
    for name in ("sub", "iss", "uri"):
        assert content.get(name) == expected["claims"].get(name), name
    assert 0 <= vector["timestamp_ms"] // 1000 - content["nbf"] <= 5
    assert 0 < content["exp"] - content["nbf"] <= 120
    signed = token.rpartition(".")[0].encode()
    key = load_pem_public_key(vector["verification_public_key"].encode())
    if isinstance(key, EllipticCurvePublicKey):
        half = len(signature) // 2
        pair = encode_dss_signature(int.from_bytes(signature[:half]), int.from_bytes(signature[half:]))
        key.verify(pair, signed, ECDSA(SHA256()))
    else:
        assert isinstance(key, Ed25519PublicKey)
        key.verify(signature, signed)


def test_every_exchange_with_vectors_has_at_least_one_required() -> None:
    assert {case.exchange for case in vectors()} == set(connectors.available())
