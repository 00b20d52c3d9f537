"""Bitget: spot, funding, margin, USDT/USDC/coin futures of classic accounts, and unified accounts; read-only.

Reference: https://www.bitget.com/api-doc; BitgetLimited/v3-bitget-api-sdk (read 2026-11)
Signing:   base64 HMAC-SHA256 of time + method + path + ?query (keys sorted, values as they are) + body
Times:     Unix milliseconds, UTC        Numbers: JSON strings, empty text for none
Paging:    classic lists by `idLessThan`, unified lists by `cursor`, both newest first
Key scope: read-only; refuse keys that can withdraw
"""

from connectors.bitget.connector import BitgetConnector

__all__ = ["BitgetConnector"]
