"""Coinbase: Advanced Trade spot, US derivatives (CFM), vaults and staked coins of the Coinbase App; read-only.

Reference: https://docs.cdp.coinbase.com (Advanced Trade v3, Coinbase App v2); coinbase-advanced-py 1.8.4 (read 2026-11)
Signing:   a JWT for each request (ES256 or EdDSA) over method, host and path; neither query nor body is covered
Times:     RFC 3339 with Z or an offset, with or without fractions        Numbers: strings, in one read JSON numbers
Paging:    v3 by `cursor`; v2 by `pagination.next_uri`, newest first
Key scope: view; refuse keys that can transfer
"""

from connectors.coinbase.connector import CoinbaseConnector

__all__ = ["CoinbaseConnector"]
