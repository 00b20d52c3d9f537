"""Binance: spot, funding, earn, margin, USD-M and COIN-M futures, portfolio margin; read-only.

Reference: https://developers.binance.com/docs; binance/binance-spot-api-docs; binance/binance-connector-python
Signing:   hex HMAC-SHA256 (or base64 Ed25519, RSA PKCS#1 v1.5) of the encoded query, `signature` last
Times:     Unix milliseconds, UTC        Numbers: JSON strings
Paging:    income by time (inclusive), deposits and withdrawals by offset, earn and fiat by page number
Key scope: Enable Reading; refuse keys that can withdraw
"""

from connectors.binance.connector import BinanceConnector

__all__ = ["BinanceConnector"]
