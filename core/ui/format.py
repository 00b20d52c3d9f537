"""Money, numbers, dates and ages as one person reads them: the only place that rounds and the only one with percent."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime, format_time
from babel.numbers import NumberPattern, format_decimal, get_decimal_symbol, get_group_symbol, parse_pattern

from core.ui.i18n import _

MISSING = "—"
Number = int | float | Decimal
WITHOUT_CENTS = Decimal(1000)
WIDE = Context(prec=60)
PUNCTUATION = re.compile(r"([\\`*_{}\[\]()#+.!|<>~$^&=-])")
DIRECTIVE = re.compile(r":(?=\S)")
ADDRESS = re.compile(r"(?i)(www|@)")
JOINER = "\u2060"


@dataclass(frozen=True, slots=True)
class Formats:
    """How one person reads figures. Signs are ASCII, so that a minus is never taken for text; null is a dash."""

    locale: str
    time_zone: str

    def money(self, value: Number | None, currency: str = "USD", *, signed: bool = False, digits: int = 2) -> str:
        """Return an amount of fiat money, `signed` with + or - (profit and loss)."""
        if value is None:
            return MISSING
        rounded = _rounded(value, digits)
        pattern = "¤ #,##0" if self.locale == "pt_BR" else "¤#,##0"
        pattern += "." + "0" * digits if digits else ""
        with localcontext(WIDE):
            written = _pattern(pattern).apply(
                rounded.copy_abs(), _locale(self.locale), currency=currency, currency_digits=False
            )
        return _sign(rounded, signed=signed) + str(written)

    def number(self, value: Number | None, digits: int = 2, *, signed: bool = False) -> str:
        """Return a number with a fixed count of decimals."""
        if value is None:
            return MISSING
        rounded = _rounded(value, digits)
        pattern = "#,##0" + ("." + "0" * digits if digits else "")
        return _sign(rounded, signed=signed) + _written(rounded, pattern, self.locale)

    def amount(self, value: Decimal | None, *, signed: bool = False) -> str:
        """Return an amount of an asset with all digits that matter: up to eight decimals, no trailing zeros."""
        if value is None:
            return MISSING
        rounded = _rounded(value, 8)
        if rounded == 0 and value != 0:
            return ("-" if value < 0 else "") + "<" + format_decimal(Decimal("0.00000001"), "0.00000000", self.locale)
        text = _written(rounded, "#,##0.########", self.locale)
        return _sign(rounded, signed=signed) + text

    def price(self, value: Decimal | None) -> str:
        """Return a price: cents for large ones, up to four decimals from one on, four digits that matter below."""
        if value is None:
            return MISSING
        if not value or abs(value) >= WITHOUT_CENTS:
            return self.number(value)
        digits = 4 if abs(value) >= 1 else min(12, 3 - value.adjusted())
        rounded = _rounded(value, digits)
        pattern = "#,##0.00" + "#" * (digits - 2)
        return _sign(rounded, signed=False) + _written(rounded, pattern, self.locale)

    def percent(self, ratio: Number | None, digits: int = 2, *, signed: bool = False) -> str:
        """Return a ratio (0.05) as percent (5%)."""
        if ratio is None:
            return MISSING
        return self.number(Decimal(str(ratio)) * 100, digits, signed=signed) + "%"

    def compact(self, value: Number | None, currency: str = "USD") -> str:
        """Return money without cents, for narrow places."""
        large = value is not None and abs(Decimal(str(value))) >= WITHOUT_CENTS
        return self.money(value, currency, digits=0 if large else 2)

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
        return MISSING if at is None else format_time(self.local(at).timetz(), "HH:mm", locale=self.locale)

    def instant(self, at: datetime | None) -> str:
        """Return date and time in the person's zone."""
        pattern = "dd/MM/yyyy HH:mm" if self._is_pt else "d MMM yyyy HH:mm"
        return MISSING if at is None else format_datetime(self.local(at), pattern, locale=self.locale)

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


def _written(rounded: Decimal, pattern: str, locale: str) -> str:
    with localcontext(WIDE):
        return str(_pattern(pattern).apply(rounded.copy_abs(), _locale(locale)))


@lru_cache(maxsize=32)
def _pattern(text: str) -> NumberPattern:
    """Return a parsed pattern: parsing costs more than writing a number, and a page writes hundreds."""
    return parse_pattern(text)


@lru_cache(maxsize=8)
def _locale(name: str) -> Locale:
    return Locale.parse(name)


def _sign(rounded: Decimal, *, signed: bool) -> str:
    if rounded < 0:
        return "-"
    return "+" if signed and rounded > 0 else ""
