"""Words of the Ledger page: kinds of entries, how transfers were matched, where and when an entry was booked."""

from core.services.ledger_types import Entry
from core.ui.format import Formats, markdown_safe, plain
from core.ui.i18n import N_, _

KINDS = {
    "deposit": N_("Deposits"),
    "withdrawal": N_("Withdrawals"),
    "transfer": N_("Transfers"),
    "trade": N_("Trades"),
    "realised": N_("Realised P&L"),
    "funding": N_("Funding"),
    "fee": N_("Fees"),
    "rebate": N_("Rebates"),
    "liquidation_fee": N_("Liquidation fees"),
    "interest": N_("Interest and rewards"),
    "bonus": N_("Bonuses"),
    "airdrop": N_("Airdrops"),
    "adjustment": N_("Adjustments"),
}
ONE = {
    "deposit": N_("Deposit"),
    "withdrawal": N_("Withdrawal"),
    "transfer": N_("Transfer"),
    "trade": N_("Trade"),
    "realised": N_("Realised"),
    "funding": N_("Funding"),
    "fee": N_("Fee"),
    "rebate": N_("Rebate"),
    "liquidation_fee": N_("Liquidation fee"),
    "interest": N_("Interest"),
    "bonus": N_("Bonus"),
    "airdrop": N_("Airdrop"),
    "adjustment": N_("Adjustment"),
}
METHODS = {
    "ref": N_("matched by the exchange's reference"),
    "txid": N_("matched by transaction id"),
    "amount": N_("matched by amount and time"),
    "link": N_("confirmed by a person"),
    "pending": N_("on its way, as a person said"),
}
LONG_ID, SHORT_END = 16, 6


def group_name(group: str) -> str:
    """Return the words for entries of a kind."""
    return _(KINDS[group])


def one_name(group: str) -> str:
    """Return the word for one entry of a kind."""
    return _(ONE[group])


def amount_of(entry: Entry, formats: Formats, *, signed: bool = False) -> str:
    """Return an amount with its asset, safe for Markdown; without sign unless asked for."""
    amount = entry.row.amount if signed else abs(entry.row.amount)
    return markdown_safe(formats.amount(amount, signed=signed)) + " " + plain(entry.row.asset)


def place_name(entry: Entry) -> str:
    """Return account and wallet of an entry, safe for Markdown."""
    return f"**{plain(entry.account)}** · {plain(entry.row.wallet)}"


def choice_name(entry: Entry, formats: Formats) -> str:
    """Return an entry in one plain line, for a list to choose from."""
    amount = formats.amount(entry.row.amount, signed=True)
    return f"{amount} {entry.row.asset} · {entry.account} · {entry.row.wallet} · {formats.instant(entry.row.booked_at)}"


def short_id(text: str | None) -> str:
    """Return the two ends of a long id."""
    if not text or len(text) <= LONG_ID:
        return text or ""
    return f"{text[:SHORT_END]}…{text[-SHORT_END:]}"
