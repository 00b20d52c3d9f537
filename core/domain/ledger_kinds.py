"""From the kinds that connectors report to the kinds of the book's ledger table (PNL.md section 19)."""

KIND_OF = {
    "realized_pnl": "realised",
    "settlement": "realised",
    "funding": "funding",
    "fee": "fee",
    "rebate": "rebate",
    "liquidation_fee": "liquidation_fee",
    "interest": "interest",
    "reward": "interest",
    "bonus": "bonus",
    "airdrop": "airdrop",
    "deposit": "deposit",
    "withdrawal": "withdrawal",
    "transfer_in": "transfer",
    "transfer_out": "transfer",
    "trade": "trade",
    "conversion": "trade",
    "option_premium": "trade",
    "other": "adjustment",
}
FLOWS = frozenset(kind for kind, book in KIND_OF.items() if book in ("deposit", "withdrawal", "transfer"))
