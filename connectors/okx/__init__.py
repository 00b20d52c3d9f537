"""OKX: trading, funding and earn accounts of any account level, on the global, EEA and US sites; read-only.

Reference: https://www.okx.com/docs-v5/en (read 2026-11); okxapi/python-okx
Signing:   base64 HMAC-SHA256 of ISO time + method + path with query as sent + body; a passphrase beside it
Times:     Unix milliseconds as text, UTC        Numbers: JSON strings, empty text for none
Paging:    newest first; account bills go on below the last billId, funding lists below the last time (pages overlap)
Key scope: read; refuse keys that can withdraw
"""

from connectors.okx.connector import OkxConnector

__all__ = ["OkxConnector"]
