"""Kraken spot: holdings, earn, margin positions and the ledger; read-only. Futures are another exchange here.

Reference: https://docs.kraken.com/api (read 2026-06)
Signing:   base64 HMAC-SHA512 of path + SHA256(nonce + form), the secret base64-decoded; every private read is a POST
Times:     Unix seconds with a fraction, UTC        Numbers: JSON strings, numbers in some answers
Paging:    ledger by `ofs`, newest first, 50 a page; deposits and withdrawals by `cursor`
Key scope: query funds, open and closed trades, ledger; refuse keys that can withdraw
"""

from connectors.kraken.connector import KrakenConnector

__all__ = ["KrakenConnector"]
