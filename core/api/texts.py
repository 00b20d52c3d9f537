"""The sentences of the pages outside Streamlit: codes become words here, English in the code, translated on the way."""

from core.errors import PlatformError, ThrottledError
from core.locales import translator

PRODUCT = "GlobalAutomation"


def N_(message: str) -> str:  # noqa: N802 - the usual name of gettext's marker
    """Mark a message for the catalogue without translating it yet."""
    return message


SENTENCES = {
    "wrong_login": N_("The name or the password is not right. Please try again."),
    "wrong_password": N_("The password is not right. Please try again."),
    "bad_link": N_("This link is not valid any more. Start the dashboard again to get a new one."),
    "setup_done": N_("The first administrator exists already. Please sign in."),
    "password_too_short": N_("Choose a password of at least 12 characters."),
    "password_too_long": N_("Choose a password of at most 256 characters."),
    "password_common": N_("This password is easy to guess. Choose another one, for example four unrelated words."),
    "passwords_differ": N_("The two passwords are not the same."),
    "required": N_("Please fill in this field."),
    "too_long": N_("This is too long."),
    "forbidden_character": N_("This contains a character that cannot be used."),
    "bad_login": N_("Use 3 to 64 letters, digits or . _ @ + - and start with a letter or digit."),
    "login_taken": N_("Somebody has this sign-in name already."),
    "unknown_currency": N_("Money cannot be shown in this currency."),
    "days_pending": N_("The days of this period are still being computed in this currency. Please try again shortly."),
    "storage_unavailable": N_("The database does not answer at the moment. Please try again shortly."),
    "not_found": N_("There is nothing at this address."),
    "busy": N_("Many people are signing in at this moment. Please try again shortly."),
    "too_large": N_("That was more than fits in this form."),
    "forbidden": N_("Your account may not do this."),
}
OTHERWISE = N_("Something went wrong. Please try again.")
NOTICES = {"signed_out": N_("You have signed out.")}
WAIT_SECONDS = N_("Too many attempts. Please wait {seconds} s and try again.")
WAIT_MINUTES = N_("Too many attempts. Please wait {minutes} min and try again.")
YES, NO = N_("yes"), N_("no")
COLUMNS = {
    "account": N_("Account"),
    "exchange": N_("Exchange"),
    "wallet": N_("Wallet"),
    "asset": N_("Asset"),
    "free": N_("Free"),
    "locked": N_("Locked"),
    "total": N_("Total"),
    "debt": N_("Debt"),
    "price_usd": N_("Price (USD)"),
    "value_usd": N_("Value (USD)"),
    "as_of": N_("As of"),
    "carried": N_("Carried over"),
    "symbol": N_("Symbol"),
    "side": N_("Side"),
    "size_base": N_("Size"),
    "entry_price": N_("Entry price"),
    "mark_price": N_("Mark price"),
    "unrealized_pnl": N_("Unrealised P&L (settle asset)"),
    "settle_asset": N_("Settle asset"),
    "unrealized_usd": N_("Unrealised P&L (USD)"),
    "notional_usd": N_("Notional (USD)"),
    "leverage": N_("Leverage"),
    "margin_mode": N_("Margin mode"),
    "liquidation_price": N_("Liquidation price"),
    "liquidation_distance": N_("Distance to liquidation (fraction)"),
    "at": N_("Time"),
    "equity_usd": N_("Equity (USD)"),
    "complete": N_("Complete"),
    "item": N_("Figure"),
    "value": N_("Value"),
    "unit": N_("Unit"),
    "since": N_("Since"),
    "until": N_("Until"),
    "time_zone": N_("Time zone"),
    "provisional": N_("Provisional"),
    "restated": N_("Restated"),
    "day": N_("Day"),
    "currency": N_("Currency"),
    "opening": N_("Opening equity"),
    "closing": N_("Closing equity"),
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
    "result": N_("Result"),
    "twr": N_("Time-weighted return (fraction)"),
    "status": N_("Status"),
    "unexplained_ok": N_("Unexplained within tolerance"),
    "by": N_("By"),
    "part": N_("Part"),
    "name": N_("Name"),
    "bar": N_("Bar"),
    "kind": N_("Kind"),
    "amount": N_("Amount"),
    "changes": N_("Changes"),
    "entry": N_("Ledger entry"),
    "venue_type": N_("Exchange's own type"),
    "txid": N_("Transaction id"),
    "ref": N_("Reference"),
    "native_id": N_("Exchange's own id"),
    "section": N_("Section"),
    "notional": N_("Notional"),
    "unrealized_value": N_("Unrealised P&L"),
    "roe": N_("ROE (fraction)"),
    "funding_amount": N_("Funding (in the asset)"),
    "funding_asset": N_("Funding asset"),
    "funding_since": N_("Funding since"),
    "funding_basis": N_("What funding is summed from"),
    "hedged": N_("Hedge mode"),
    "testnet": N_("Test network"),
    "reason": N_("Reason"),
    "closed_at": N_("Closed at"),
    "opened_at": N_("Opened at"),
    "exit_price": N_("Exit price"),
    "gross": N_("Gross (settle asset)"),
    "fee": N_("Fee"),
    "net": N_("Net (settle asset)"),
    "net_usd": N_("Net (USD)"),
}


def explain(error: PlatformError, language: str) -> str:
    """Return one sentence that says what went wrong, in the person's language."""
    translate = translator(language)
    if isinstance(error, ThrottledError):
        seconds = max(1, round(error.retry_after + 0.5))
        if seconds < 60:
            return translate(WAIT_SECONDS).format(seconds=seconds)
        return translate(WAIT_MINUTES).format(minutes=-(-seconds // 60))
    return translate(SENTENCES.get(error.code, OTHERWISE))


def html_language(language: str) -> str:
    """Return the language as HTML names it, for example pt-BR."""
    return language.replace("_", "-")
