"""Money, numbers, dates and ages as one person reads them: the only place that rounds and the only one with percent."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date
from babel.numbers import get_currency_symbol, get_decimal_symbol, get_group_symbol

from core.domain.pnl.sampling import CENTS, PLACES
from core.ui.i18n import _

MISSING = "—"
HIDDEN = "•••••"
SMALLEST = Decimal("0.00000001")
Number = int | float | Decimal
WITHOUT_CENTS = Decimal(1000)
WIDE = Context(prec=60)
PUNCTUATION = re.compile(r"([\\`*_{}\[\]()#+.!|<>~$^&=-])")
DIRECTIVE = re.compile(r":(?=\S)")
ADDRESS = re.compile(r"(?i)(www|@)")
JOINER = "\u2060"


@dataclass(frozen=True, slots=True)
class Formats:
    """How one person reads figures. Signs are ASCII, so that a minus is never taken for text; null is a dash.

    `hidden`: the person hides amounts from whoever looks along; money and amounts of assets are dots, while prices,
    percentages, counts and times stay.
    """

    locale: str
    time_zone: str
    currency: str = "USD"
    hidden: bool = False

    def money(
        self, value: Number | None, currency: str | None = None, *, signed: bool = False, digits: int | None = None
    ) -> str:
        """Return an amount of money with the places of its currency, `signed` with + or - (profit and loss).

        Without a currency it is in the one that the screen shows.
        """
        if value is None:
            return MISSING
        if self.hidden:
            return HIDDEN
        currency = currency or self.currency
        rounded = _rounded(value, PLACES.get(currency, CENTS) if digits is None else digits)
        symbol = _symbol(currency, self.locale)
        name = symbol + (" " if self._is_pt or symbol[-1].isalpha() else "")
        return _sign(rounded, signed=signed) + name + _written(rounded, self.locale)

    def number(self, value: Number | None, digits: int = 2, *, signed: bool = False) -> str:
        """Return a number with a fixed count of decimals."""
        if value is None:
            return MISSING
        rounded = _rounded(value, digits)
        return _sign(rounded, signed=signed) + _written(rounded, self.locale)

    def amount(self, value: Decimal | None, *, signed: bool = False) -> str:
        """Return an amount of an asset with all digits that matter: up to eight decimals, no trailing zeros."""
        return HIDDEN if self.hidden and value is not None else self.digits(value, signed=signed)

    def digits(self, value: Decimal | None, *, signed: bool = False) -> str:
        """Return a number that is no amount (leverage, a rate) as an amount is written; never hidden."""
        if value is None:
            return MISSING
        rounded = _rounded(value, 8)
        if rounded == 0 and value != 0:
            return ("-" if value < 0 else "") + "<" + _written(SMALLEST, self.locale)
        return _sign(rounded, signed=signed) + _written(rounded, self.locale, least_digits=0)

    def exact(self, value: Decimal) -> str:
        """Return an amount with every digit it was stored with, and its sign."""
        return HIDDEN if self.hidden else _sign(value, signed=True) + _written(value, self.locale)

    def price(self, value: Decimal | None) -> str:
        """Return a price: cents for large ones, up to four decimals from one on, four digits that matter below."""
        if value is None:
            return MISSING
        if not value or abs(value) >= WITHOUT_CENTS:
            return self.number(value)
        digits = 4 if abs(value) >= 1 else min(12, 3 - value.adjusted())
        rounded = _rounded(value, digits)
        return _sign(rounded, signed=False) + _written(rounded, self.locale, least_digits=2)

    def percent(self, ratio: Number | None, digits: int = 2, *, signed: bool = False) -> str:
        """Return a ratio (0.05) as percent (5%)."""
        if ratio is None:
            return MISSING
        return self.number(Decimal(str(ratio)) * 100, digits, signed=signed) + "%"

    def compact(self, value: Number | None, currency: str | None = None) -> str:
        """Return money without cents, for narrow places; a coin with more places keeps four digits that matter."""
        currency = currency or self.currency
        size = Decimal(0) if value is None else abs(Decimal(str(value)))
        if currency in PLACES:
            places = PLACES[currency] if not size else min(PLACES[currency], max(0, 3 - size.adjusted()))
            return self.money(value, currency, digits=places)
        return self.money(value, currency, digits=0 if size >= WITHOUT_CENTS else CENTS)

    def tick(self, value: Number, currency: str | None = None) -> str:
        """Return what stands at a scale of money: nothing where amounts are hidden."""
        return "" if self.hidden else self.compact(value, currency)

    def day(self, at: datetime | None) -> str:
        """Return day and month in the person's zone."""
        return self._date(at, "dd/MM" if self._is_pt else "d MMM")

    def date(self, at: datetime | None) -> str:
        """Return the date in the person's zone."""
        return self._date(at, "dd/MM/yyyy" if self._is_pt else "d MMM yyyy")

    def _date(self, at: datetime | None, pattern: str) -> str:
        return MISSING if at is None else format_date(self.local(at).date(), pattern, self.locale)

    def time(self, at: datetime | None) -> str:
        """Return hours and minutes in the person's zone."""
        return MISSING if at is None else f"{self.local(at):%H:%M}"

    def second(self, at: datetime | None) -> str:
        """Return day, month and the time to the second in the person's zone."""
        return MISSING if at is None else f"{self.day(at)} {self.local(at):%H:%M:%S}"

    def instant(self, at: datetime | None) -> str:
        """Return date and time in the person's zone."""
        if at is None:
            return MISSING
        local = self.local(at)
        if self._is_pt:
            return local.strftime("%d/%m/%Y %H:%M")
        return f"{local.day} {_months(self.locale)[local.month]} {local:%Y %H:%M}"

    def local(self, at: datetime) -> datetime:
        """Return the instant in the person's zone."""
        return at.astimezone(ZoneInfo(self.time_zone))

    def age(self, at: datetime | None, now: datetime) -> str:
        """Return how long ago something was measured, such as "12 s", "6 min", "3 h", "2 d"."""
        if at is None:
            return MISSING
        return self.duration(now - at)

    def duration(self, length: timedelta) -> str:
        """Return a length of time in its largest whole unit."""
        seconds = max(0, int(length.total_seconds()))
        if seconds < 60:
            return f"{seconds} s"
        if seconds < 3600:
            return f"{seconds // 60} min"
        if seconds < 86400:
            return f"{seconds // 3600} h"
        return _("{days} d").format(days=seconds // 86400)

    @property
    def unit(self) -> str:
        """Return the sign of the currency shown, for the heads of columns: US$, R$, BTC."""
        return "US$" if self.currency == "USD" else _symbol(self.currency, self.locale)

    @property
    def separators(self) -> str:
        """Return decimal and grouping sign, as chart libraries want them."""
        return get_decimal_symbol(self.locale) + get_group_symbol(self.locale)

    @property
    def _is_pt(self) -> bool:
        return self.locale.startswith("pt")


def plain(text: str) -> str:
    """Return text that a person gave, so that Markdown, directives and automatic links show it as it is."""
    escaped = PUNCTUATION.sub(r"\\\1", " ".join(text.split()))
    escaped = DIRECTIVE.sub(":" + JOINER, escaped)
    return ADDRESS.sub(lambda match: match.group(1) + JOINER, escaped)


def markdown_safe(figure: str) -> str:
    """Return one of our own figures for a place that reads Markdown, where a dollar sign would start a formula."""
    return figure.replace("$", "\\$")


def _rounded(value: Number, digits: int) -> Decimal:
    exact = value if isinstance(value, Decimal) else Decimal(str(value))
    rounded = exact.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP, context=WIDE)
    return rounded.copy_abs() if rounded == 0 else rounded


def _written(rounded: Decimal, locale: str, *, least_digits: int | None = None) -> str:
    """Return the size of a number in groups of three with the locale's signs, zeros after `least_digits` left out.

    Not through the library's patterns: those cost ten times as much, and a page writes thousands of numbers.
    """
    text = f"{rounded.copy_abs():,f}"
    if least_digits is not None and "." in text:
        whole, _point, decimals = text.partition(".")
        decimals = decimals[:least_digits] + decimals[least_digits:].rstrip("0")
        text = f"{whole}.{decimals}" if decimals else whole
    return text.translate(_signs(locale))


@lru_cache(maxsize=8)
def _signs(locale: str) -> dict[int, str]:
    return str.maketrans({",": get_group_symbol(locale), ".": get_decimal_symbol(locale)})


@lru_cache(maxsize=64)
def _symbol(currency: str, locale: str) -> str:
    return str(get_currency_symbol(currency, locale))


@lru_cache(maxsize=8)
def _months(locale: str) -> dict[int, str]:
    return dict(Locale.parse(locale).months["format"]["abbreviated"])


def _sign(rounded: Decimal, *, signed: bool) -> str:
    if rounded < 0:
        return "-"
    return "+" if signed and rounded > 0 else ""
