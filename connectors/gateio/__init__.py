"""Gate.io: spot, futures, margin, options and earn of classic, unified and portfolio accounts; read-only.

Reference: https://www.gate.com/docs/developers/apiv4, v4.106; gateio/gateapi-python 7.2.161 (read 2026-11)
Signing:   hex HMAC-SHA512 of method, path, query as it reads, SHA-512 of the body, time in seconds, on five lines
Times:     seconds, UTC, in the spot ledger milliseconds        Numbers: JSON strings, sizes also numbers
Paging:    `offset`, in the spot ledger and earn `page`; dated ledgers have none and are read in smaller windows
Key scope: read-only; refuse keys that may write to the wallet
"""

from connectors.gateio.connector import GateioConnector

__all__ = ["GateioConnector"]
