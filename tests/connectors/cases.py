"""The recorded data of tests/fixtures/exchanges, as cases for every connector there is."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import connectors

FIXTURES = Path(__file__).parents[1] / "fixtures" / "exchanges"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
API_KEY = "canaryKey" + "7" * 55
API_SECRET = "Y2FuYXJ5U2VjcmV0" * 4
PASSPHRASE = "canaryWords"


@dataclass(frozen=True)
class Case:
    """One vector or sample of one exchange."""

    exchange: str
    data: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.exchange}-{self.data['name']}"


def vectors() -> list[Case]:
    """Return the signing vectors that a connector must reproduce: alternatives that ccxt prefers are left out."""
    found = []
    for path in sorted((FIXTURES / "vectors").glob("*.json")):
        for vector in json.loads(path.read_text()):
            exchange = _exchange(path.stem, vector.get("product") == "futures" or "futures." in vector["base_url"])
            if exchange in connectors.available() and not vector["name"].startswith("ccxt_"):
                found.append(Case(exchange, vector))
    return found


def samples() -> list[Case]:
    """Return the recorded answers of all exchanges."""
    found = []
    for path in sorted((FIXTURES / "samples").glob("*/*.json")):
        exchange = _exchange(path.parent.name, path.stem.startswith("futures_"))
        if exchange in connectors.available():
            found.append(Case(exchange, json.loads(path.read_text())))
    return found


def make(exchange: str, **options: Any) -> connectors.Connector:  # noqa: ANN401 - handed on
    """Make a connector with made-up credentials and a frozen clock."""
    given = {"api_key": API_KEY, "api_secret": secret_for(exchange), "passphrase": PASSPHRASE, "clock": lambda: NOW}
    return connectors.create(exchange, **{**given, **options})


def secret_for(exchange: str) -> str:
    """Return a secret that the exchange's connector can decode: the first one among its vectors, else plain text."""
    for case in vectors():
        if case.exchange == exchange:
            return credential(case.data["credentials"])
    return API_SECRET


def credential(given: dict[str, Any]) -> str:
    """Return a vector's secret; `secret` and `private_key` both mean api_secret, a PEM comes in parts."""
    secret = given.get("secret", given.get("private_key"))
    if isinstance(secret, str):
        return secret
    assert isinstance(secret, dict)
    kind, body = secret["pem_type"], secret["pem_body"]
    lines = [body[start : start + 64] for start in range(0, len(body), 64)]
    return "\n".join([f"-----BEGIN {kind}-----", *lines, f"-----END {kind}-----", ""])


def _exchange(name: str, futures: bool) -> str:
    """Kraken's futures have keys of their own, so they are an exchange of their own."""
    return "krakenfutures" if name == "kraken" and futures else name
