"""Words about currencies: the rate in force, who says so and since when, and that there is none."""

from decimal import Decimal

from core.domain.currencies import FIAT, USD, FxSource
from core.services.rates import Rate
from core.ui.format import Formats
from core.ui.i18n import _

RATE_DIGITS = 4


def no_rate(currency: str) -> str:
    """Say that money in a currency is unknown now."""
    return _("There is no exchange rate for {currency} now; nothing is guessed.").format(currency=currency)


def rate_note(rate: Rate | None, currency: str, formats: Formats) -> str:
    """Return a currency with the rate in force, who says so and since when."""
    if currency == USD or rate is None:
        return currency
    sources = {FxSource.PTAX: _("PTAX"), FxSource.MARKET: _("market")}
    exact = Decimal(str(rate.per_usd))
    amount = formats.number(exact, RATE_DIGITS) if currency in FIAT else formats.digits(exact)
    words = _("{currency}: {amount} for 1 USD ({source}, {time})")
    source = sources[FxSource(rate.source)]
    return words.format(currency=currency, amount=amount, source=source, time=formats.instant(rate.as_of))
