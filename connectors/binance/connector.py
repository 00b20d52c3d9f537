"""The Binance connector: which reads make up an account, its positions and its ledger."""

from collections.abc import Mapping
from typing import ClassVar

import requests

from connectors._base import RestConnector
from connectors._credentials import Credentials
from connectors._http import build_request
from connectors._interface import Call, Settings
from connectors._parse import milliseconds
from connectors._reading import Answer, Endpoint, Parser, Reading
from connectors.binance import endpoints as api
from connectors.binance import failures
from connectors.binance.signing import make_signer, signed_query
from connectors.types import ExchangeInfo


class BinanceConnector(RestConnector):
    """Read a Binance account."""

    info: ClassVar[ExchangeInfo] = api.INFO
    endpoints: ClassVar[tuple[Endpoint, ...]] = api.ALL
    time_endpoint: ClassVar[Endpoint] = api.TIME
    usage_headers: ClassVar[tuple[str, ...]] = (
        "X-MBX-USED-WEIGHT-1M", "X-SAPI-USED-IP-WEIGHT-1M", "X-SAPI-USED-UID-WEIGHT-1M",
    )  # fmt: skip
    readers: ClassVar[Mapping[tuple[str, str], Parser]] = {
        ("GET", "/api/v3/time"): lambda answer: Reading(server_time_ms=milliseconds(answer.payload["serverTime"])),
    }

    def __init__(self, credentials: Credentials, settings: Settings) -> None:
        super().__init__(credentials, settings)
        self._signer = make_signer(credentials.api_secret)

    def sign(self, call: Call) -> requests.PreparedRequest:
        """Put everything in the query, POST included; the signed text is the sent text."""
        headers = {"X-MBX-APIKEY": self._credentials.api_key.reveal()}
        return build_request(call.method, f"{call.url}?{signed_query(call, self._signer)}", headers)

    def check(self, answer: Answer) -> None:
        """Raise what the answer's code stands for."""
        failures.check(self, answer)
