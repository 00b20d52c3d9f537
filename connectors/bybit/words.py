"""What the words of the funding wallet's history mean. Bybit publishes no list of them.

The words are those that people who keep books from this history have met: `showBusiTypeEn` before the bar and
`descriptionEn` behind it, such as `Fiat | P2P Purchase`, `Fiat | Canceled P2P Sale`, `Bybit Card | Sale`,
`Bybit Pay | Transfer`, `Deposit | Deposit (Internal Transfer)`, `Earn | Flexible Redemption`, `Earn | card redemption`.
"""

from connectors.types import LedgerKind

FIAT = frozenset({
    "AED", "ARS", "AUD", "BRL", "CAD", "CHF", "CZK", "DKK", "EUR", "GBP", "GEL", "HUF", "IDR", "JPY", "KZT", "MXN",
    "NOK", "PLN", "RON", "SEK", "TRY", "UAH", "USD", "VND", "ZAR",
})  # fmt: skip
RECORDED = ("deposit", "withdraw")  # those of coins have records of their own
ONLY_HERE = ("fiat", "p2p", "c2c", "card", "buy crypto", "one-click", "bybit pay", "bybitpay", "pix")
WITHIN = ("convert", "cashback")
WORDS = (
    (("interest", "yield"), LedgerKind.INTEREST),
    (("convert", "conversion", "exchange"), LedgerKind.CONVERSION),
    (("rebate", "commission", "affiliate"), LedgerKind.REBATE),
    (("airdrop", "bonus", "reward", "voucher", "cashback", "prize"), LedgerKind.REWARD),
)
EARN_PAYS = ("interest", "yield", "bonus", "reward", "airdrop")


def is_earn_move(said: str) -> bool:
    """Whether a row tells of holdings that went into Earn or came back; what Earn pays is none."""
    said = said.lower()
    return said.startswith("earn") and not any(word in said for word in EARN_PAYS)


def history_kind(said: str, asset: str, *, comes: bool) -> LedgerKind | None:
    """Return what a row's words mean; None for deposits and withdrawals of coins, which their records tell.

    Fiat money, payments, and trades between people cross the account's border here only.
    """
    if is_earn_move(said):
        return LedgerKind.TRANSFER_IN if comes else LedgerKind.TRANSFER_OUT
    said = said.lower()
    within = any(word in said for word in WITHIN)
    recorded, only_here = (any(word in said for word in words) for words in (RECORDED, ONLY_HERE))
    if (recorded or only_here) and not within:
        border = LedgerKind.DEPOSIT if comes else LedgerKind.WITHDRAWAL
        return border if only_here or asset in FIAT else None
    if "transfer" in said:
        return LedgerKind.TRANSFER_IN if comes else LedgerKind.TRANSFER_OUT
    return next((kind for words, kind in WORDS if any(word in said for word in words)), LedgerKind.OTHER)
