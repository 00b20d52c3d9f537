"""Words of the Results page: bars, kinds of rows, groups and periods."""

from datetime import date

from babel.dates import format_date

from core.services.results import IN_TRANSIT
from core.services.results_types import (
    ACCOUNT,
    ASSET,
    CUSTOM,
    EXCHANGE,
    MONTH,
    REST,
    SYMBOL,
    THIRTY,
    TODAY,
    WEEK,
    WHOLE,
    YEAR,
)
from core.ui.format import Formats
from core.ui.i18n import N_, _

BARS = {
    "opening": N_("Opening equity"),
    "net_flows": N_("Deposits and withdrawals"),
    "scope_flows": N_("Capital in or out of scope"),
    "realised": N_("Realised"),
    "unrealised_change": N_("Change of unrealised"),
    "funding": N_("Funding"),
    "fees": N_("Fees"),
    "other_income": N_("Other income"),
    "price_effect": N_("Price effect"),
    "fx_effect": N_("Currency effect"),
    "unexplained": N_("Unexplained"),
    "closing": N_("Closing equity"),
}
MEANINGS = {
    "net_flows": N_("Money that came from outside or left; never profit or loss."),
    "scope_flows": N_(
        "Value that joined or left what is measured: an account added or removed, a price found or lost."
    ),
    "realised": N_("P&L of closed contracts, before funding and fees."),
    "unrealised_change": N_("Change of the open P&L of contracts."),
    "funding": N_("Funding received (+) and paid (-)."),
    "fees": N_("Trading and network fees, less rebates."),
    "other_income": N_("Interest, rewards, bonuses and adjustments."),
    "price_effect": N_("What prices did to the coins that were held."),
    "fx_effect": N_("What the exchange rate of the reporting currency did."),
    "unexplained": N_("Change of the balances that no ledger entry explains."),
}
KINDS = {
    "deposit": N_("Deposit"),
    "withdrawal": N_("Withdrawal"),
    "transfer": N_("Transfer"),
    "account_added": N_("Account or wallet added"),
    "account_removed": N_("Account removed"),
    "asset_priced": N_("Price found"),
    "asset_unpriced": N_("Price lost"),
    "realised": N_("Realised"),
    "unrealised_change": N_("Change of unrealised"),
    "funding": N_("Funding"),
    "fee": N_("Fee"),
    "rebate": N_("Rebate"),
    "liquidation_fee": N_("Liquidation fee"),
    "interest": N_("Interest"),
    "airdrop": N_("Airdrop"),
    "bonus": N_("Bonus"),
    "adjustment": N_("Adjustment"),
    "price_effect": N_("Price effect"),
    "fx_effect": N_("Currency effect"),
    "unexplained": N_("Unexplained"),
    "rest": N_("Difference to the stored days"),
}
GROUPS = {EXCHANGE: N_("Exchange"), ACCOUNT: N_("Account"), ASSET: N_("Asset"), SYMBOL: N_("Pair")}
PERIODS = {
    TODAY: N_("Today"),
    WEEK: N_("7 days"),
    THIRTY: N_("30 days"),
    MONTH: N_("This month"),
    YEAR: N_("This year"),
    WHOLE: N_("All"),
    CUSTOM: N_("Other dates"),
}
KEYS = {IN_TRANSIT: N_("On its way"), REST: N_("Difference to the stored days"), "(none)": N_("Without")}


def bar_name(bar: str) -> str:
    """Return the words for a bar of the waterfall."""
    return _(BARS[bar])


def kind_name(kind: str) -> str:
    """Return the words for a kind of row."""
    return _(KINDS[kind]) if kind in KINDS else kind


def key_name(key: str) -> str:
    """Return the words for a part that is no account, exchange, asset or symbol; others stay as they are."""
    return _(KEYS[key]) if key in KEYS else key


def short_date(day: date, formats: Formats) -> str:
    """Return day and month of a local date."""
    return format_date(day, "dd/MM" if formats.locale.startswith("pt") else "d MMM", formats.locale)


def full_date(day: date, formats: Formats) -> str:
    """Return a local date."""
    return format_date(day, "dd/MM/yyyy" if formats.locale.startswith("pt") else "d MMM yyyy", formats.locale)
