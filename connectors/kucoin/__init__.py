"""KuCoin: main, trade and margin wallets, linear and inverse futures of classic accounts; read-only.

Reference: https://www.kucoin.com/docs-new; Kucoin/kucoin-universal-sdk and Kucoin/kucoin-api-docs (read 2026-11)
Signing:   base64 HMAC-SHA256 of time + method + path + ?query (values as they are) + body; the passphrase likewise
Times:     Unix milliseconds, UTC        Numbers: JSON strings (spot) or JSON numbers (futures)
Paging:    `currentPage`, `lastId` (high-frequency books), `offset` (futures book), all newest first
Key scope: General; "Transfer" means withdrawals: refuse it. Futures balances may need the right to trade futures
Unsure:    whether a general key may read futures; whether the book of all accounts repeats high-frequency rows
"""

from connectors.kucoin.connector import KucoinConnector

__all__ = ["KucoinConnector"]
