"""What Bitget's names of bills mean: one kind of ledger entry each, or nothing where no money moved."""

from decimal import Decimal

from connectors.types import LedgerKind

SAME_WALLET = (
    "append_margin", "reduce_margin", "auto_append_margin", "adjust_down_lever_append_margin",
    "fixed_increase_margin", "fixed_reduce_margin", "fixed_back", "fixed_lever_pos_in", "fixed_order_place_frozen",
    "fixed_order_frozen_return",
)  # fmt: skip
LIQUIDATIONS = ("force_", "burst_", "offset_reduce_", "liq_", "risk_")
CLOSES = (*LIQUIDATIONS, "adl_", "close_", "buy", "sell")
TRANSFERS = ("trans_from_", "trans_to_", "transfer_in", "transfer_out", "system_transfer_", "reserve_transfer_")
SPOT_CATEGORIES = ("spot", "margin")
# of a futures or a unified wallet: the first beginning that fits decides
BEGINNINGS: tuple[tuple[tuple[str, ...], LedgerKind], ...] = (
    (("contract_settle_fee", "contract_main_settle_fee", "settle_fee_"), LedgerKind.FUNDING),
    (("bonus_", "cash_gift_", "paptrading_"), LedgerKind.BONUS),
    (("interest_", "settle_interest"), LedgerKind.INTEREST),
    (("liq_fee",), LedgerKind.LIQUIDATION_FEE),
    (("order_plf_fee", "tracking_follow_pay"), LedgerKind.FEE),
    (("tracking_follow_back",), LedgerKind.REBATE),
    (("tracking_trader_income",), LedgerKind.REWARD),
    (
        ("exchange_", "user_exchange_", "small_asset_", "delist_margin_token_", "repay_", "liq_convert_"),
        LedgerKind.CONVERSION,
    ),
    (("order_dealt_",), LedgerKind.TRADE),
    (("delivery_",), LedgerKind.SETTLEMENT),
    (CLOSES, LedgerKind.REALIZED_PNL),
)
MARGIN_KINDS = {
    "liquidation_fee": LedgerKind.LIQUIDATION_FEE,
    "deal_in": LedgerKind.TRADE,
    "deal_out": LedgerKind.TRADE,
    "exchange_in": LedgerKind.CONVERSION,
    "exchange_out": LedgerKind.CONVERSION,
    "sys_exchange_in": LedgerKind.CONVERSION,
    "sys_exchange_out": LedgerKind.CONVERSION,
}
# of a spot or a funding wallet; money for which the person paid, or was paid, outside is a deposit or a withdrawal
GROUPS = {
    "transaction": LedgerKind.TRADE,
    "pre_c2c": LedgerKind.TRADE,
    "on_chain": LedgerKind.TRADE,
    "convert": LedgerKind.CONVERSION,
}
MOVES = ("transfer", "strategy", "financial")  # from and to other wallets of the account
CROSSINGS = ("deposit", "withdraw", "fait", "fiat", "c2c", "p2p")
EARNED = ("interest", "reward", "income", "profit", "yield", "earning")
WORDS: tuple[tuple[str, LedgerKind], ...] = (
    ("rebate", LedgerKind.REBATE),
    ("airdrop", LedgerKind.AIRDROP),
    ("reward", LedgerKind.REWARD),
    ("handling", LedgerKind.FEE),
    ("exchange", LedgerKind.CONVERSION),
)


def bill_kind(venue_type: str, amount: Decimal, category: str = "") -> LedgerKind | None:
    """Return what a bill of a futures or unified wallet is; None for a move inside the wallet.

    `amount` is the signed change; `category` is a unified account's, which tells a trade leg from a closed position.
    """
    kind = venue_type.lower()
    if kind in SAME_WALLET:
        return None
    kind = kind.removeprefix("fixed_")
    if kind.startswith(TRANSFERS):
        return by_sign(amount, LedgerKind.TRANSFER_IN, LedgerKind.TRANSFER_OUT)
    if "deposit" in kind or "withdraw" in kind:
        return LedgerKind.DEPOSIT if "deposit" in kind else LedgerKind.WITHDRAWAL
    if kind.startswith(("buy_deal", "sell_deal")) and category.lower() in SPOT_CATEGORIES:
        return LedgerKind.TRADE
    return next((meaning for names, meaning in BEGINNINGS if kind.startswith(names)), LedgerKind.OTHER)


def subtype(venue_type: str) -> str | None:
    """Return how a position was closed when its owner did not do it: liquidation or adl."""
    kind = venue_type.lower().removeprefix("fixed_")
    return "liquidation" if kind.startswith(LIQUIDATIONS) else "adl" if kind.startswith("adl_") else None


def margin_kind(venue_type: str, amount: Decimal) -> LedgerKind:
    """Return what a record of a margin wallet is; what is borrowed or repaid is neither income nor a flow."""
    kind = venue_type.lower()
    if kind.startswith("transfer"):
        return by_sign(amount, LedgerKind.TRANSFER_IN, LedgerKind.TRANSFER_OUT)
    return MARGIN_KINDS.get(kind, LedgerKind.OTHER)


def group_kind(group: str, venue_type: str, amount: Decimal) -> LedgerKind | None:
    """Return what a bill of a spot or funding wallet is, from its group and then its words; None for a mere lock."""
    name, words = group.lower(), venue_type.lower()
    if name == "financial" and any(word in words for word in EARNED):
        return LedgerKind.REWARD
    if name in MOVES:
        return by_sign(amount, LedgerKind.TRANSFER_IN, LedgerKind.TRANSFER_OUT)
    if name in CROSSINGS:
        return by_sign(amount, LedgerKind.DEPOSIT, LedgerKind.WITHDRAWAL)
    if name in GROUPS:
        return LedgerKind.FEE if "handling" in words else GROUPS[name]
    if words in ("system_lock", "user_lock", "system lock", "user lock"):
        return None
    return next((meaning for word, meaning in WORDS if word in words), LedgerKind.OTHER)


def by_sign(amount: Decimal, plus: LedgerKind, minus: LedgerKind) -> LedgerKind:
    """Return one of two kinds by the sign of a change."""
    return plus if amount > 0 else minus


def is_own(kind: LedgerKind) -> bool:
    """Tell whether an entry moves money between wallets of one account."""
    return kind in (LedgerKind.TRANSFER_IN, LedgerKind.TRANSFER_OUT)
