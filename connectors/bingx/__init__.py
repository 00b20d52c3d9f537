"""BingX: spot, funding, USDT-M and Coin-M perpetuals, standard contracts; worth of earn, grids and copies; read-only.

Reference: https://bingx-api.github.io/docs; BingX-API/api-ai-skills (read 2026-11)
Signing:   hex HMAC-SHA256 of the sorted query, values as they are; sent percent-encoded, `signature` last
Times:     Unix milliseconds, UTC; withdrawals as text at +08:00        Numbers: JSON strings or numbers
Paging:    income by time (inclusive), newest first; deposits and withdrawals by offset; closed positions by page
Key scope: Read; refuse keys that can withdraw
"""

from connectors.bingx.connector import BingxConnector

__all__ = ["BingxConnector"]
