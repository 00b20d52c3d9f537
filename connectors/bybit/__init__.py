"""Bybit: unified accounts of both generations, classic accounts, funding wallet, Earn; read-only.

Reference: https://bybit-exchange.github.io/docs/v5/intro; bybit-exchange/pybit 5.17.0 (read 2026-11)
Signing:   hex HMAC-SHA256 (or base64 RSA-SHA256) of time + key + window + query or body, as sent
Times:     Unix milliseconds, UTC; seconds in funding history and internal deposits
Numbers:   JSON strings, empty text for not applicable
Paging:    `cursor`, newest first; windows of 7 days (logs, history) and 30 days (deposits, withdrawals)
Key scope: read-only; refuse keys that can withdraw
"""

from connectors.bybit.connector import BybitConnector

__all__ = ["BybitConnector"]
