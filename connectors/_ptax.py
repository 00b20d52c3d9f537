"""PTAX: the central bank of Brazil's daily closing rates of the dollar and the euro, open data, no key.

Reference: https://olinda.bcb.gov.br/olinda/servico/PTAX/versao/v1/documentacao (read 2026-11-30)
Numbers:   JSON numbers, reais for one unit; the selling rate is taken, as accounts in Brazil do
Times:     "2025-11-06 13:02:49.425", the clock of Brasília; about 13:00 on every business day
Bulletins: several a day for the euro (opening, between, closing); only those whose type begins with "Fechamento" count
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from connectors import _http
from connectors._parse import RATIO, loads, number
from connectors._wire import DIRECT, Exit
from connectors.errors import BadResponseError, ExchangeError, MaintenanceError, NetworkError, RateLimitedError
from connectors.types import FxRate

PTAX = "ptax"
HOST = "https://olinda.bcb.gov.br"
SERVICE = "/olinda/servico/PTAX/versao/v1/odata/"
DOLLAR = "CotacaoDolarPeriodo(dataInicial=@dataInicial,dataFinalCotacao=@dataFinalCotacao)"
OTHER = "CotacaoMoedaPeriodo(moeda=@moeda,dataInicial=@dataInicial,dataFinalCotacao=@dataFinalCotacao)"
BRASILIA = ZoneInfo("America/Sao_Paulo")
CLOSING = "Fechamento"
LOWEST, HIGHEST = Decimal("0.000001"), Decimal(1_000_000)
Rates = dict[date, tuple[datetime, Decimal]]


class PtaxRates:
    """Reads the rates of a period. `hosts` {"rest": base URL} replaces the bank's own address (sandbox, tests)."""

    def __init__(self, hosts: Mapping[str, str] | None = None, leave: Exit = DIRECT) -> None:
        self._base = (hosts or {}).get("rest", HOST).rstrip("/")
        self._leave = leave

    def read(self, first: date, last: date) -> list[FxRate]:
        """Return units of BRL and of EUR for one USD on every business day of [first, last], by time.

        Raises:
            ExchangeError: no whole answer, or one that is not what the bank documents; nothing of it was used.
        """
        dollar = self._rates(DOLLAR, first, last)
        euro = self._rates(OTHER, first, last, currency="EUR")
        found = [FxRate("BRL", at, rate, PTAX) for at, rate in dollar.values()]
        for day in dollar.keys() & euro.keys():
            at = max(dollar[day][0], euro[day][0])
            found.append(FxRate("EUR", at, RATIO.divide(dollar[day][1], euro[day][1]), PTAX))
        return sorted(found, key=lambda rate: (rate.at, rate.currency))

    def _rates(self, resource: str, first: date, last: date, *, currency: str = "") -> Rates:
        names = {"dataInicial": f"{first:%m-%d-%Y}", "dataFinalCotacao": f"{last:%m-%d-%Y}"}
        asked = ({"moeda": currency} if currency else {}) | names
        query = "&".join(f"@{name}={quote(chr(39) + value + chr(39))}" for name, value in asked.items())
        rows = self._ask(f"{SERVICE}{resource}?{query}&$format=json")
        found: Rates = {}
        for at, rate, kind in _parsed(rows):
            if (currency and not kind.startswith(CLOSING)) or not first <= at.astimezone(BRASILIA).date() <= last:
                continue
            day = at.astimezone(BRASILIA).date()
            if day not in found or found[day][0] < at:
                found[day] = (at, rate)
        return found

    def _ask(self, target: str) -> list[Any]:
        problem: ExchangeError | None = None
        try:
            request = _http.build_request("GET", self._base + target)
            answer = _http.send(request, _http.DEADLINE_SECONDS, self._leave)
            if answer.status == 200:
                rows = loads(answer.body)["value"]
                if isinstance(rows, list):
                    return rows
                problem = _failure(BadResponseError, "shape")
            else:
                kinds = {429: RateLimitedError} | dict.fromkeys(range(500, 600), MaintenanceError)
                problem = _failure(kinds.get(answer.status, BadResponseError), f"http-{answer.status}")
        except _http.WireError as e:
            problem = _failure(BadResponseError if e.garbled else NetworkError, e.problem)
        except (ValueError, KeyError, TypeError):
            problem = _failure(BadResponseError, "shape")
        raise problem


def _parsed(rows: list[Any]) -> Iterator[tuple[datetime, Decimal, str]]:
    """Yield time, selling rate and kind of each bulletin.

    Raises:
        BadResponseError: one does not say them.
    """
    for row in rows:
        try:
            at = datetime.fromisoformat(row["dataHoraCotacao"]).replace(tzinfo=BRASILIA).astimezone(UTC)
            rate = number(row["cotacaoVenda"])
            if not LOWEST <= rate <= HIGHEST:
                raise ValueError("rate")
            kind = str(row.get("tipoBoletim", ""))
        except (ValueError, KeyError, TypeError, AttributeError):
            raise _failure(BadResponseError, "row") from None
        yield at, rate, kind


def _failure(kind: Callable[..., ExchangeError], code: str) -> ExchangeError:
    return kind(code, SERVICE, exchange=PTAX)
