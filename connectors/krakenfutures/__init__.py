"""Kraken futures: cash, single- and multi-collateral wallets, positions and the account log; read-only.

Reference: https://docs.kraken.com/api/docs/futures-api (read 2026-06)
Signing:   base64 HMAC-SHA512 of SHA256(query + path without /derivatives), the secret base64-decoded; no nonce is sent
Times:     RFC 3339 text and Unix milliseconds, UTC        Numbers: JSON numbers, text in some answers
Paging:    account log by `to`, the lowest row id less one, newest first
Key scope: general read-only, transfer no access; refuse keys that can transfer. Keys are not those of Kraken spot
"""

from connectors.krakenfutures.connector import KrakenFuturesConnector

__all__ = ["KrakenFuturesConnector"]
