"""The central bank's open data in the sandbox: closing rates of business days, from the world's own prices.

Resources: CotacaoDolarPeriodo, CotacaoMoedaPeriodo (one currency), OData with @-parameters, `value` a list of rows.
"""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from connectors.sandbox.control import RequestLog
from connectors.sandbox.faults import Fault, FaultBoard, FaultKind
from connectors.sandbox.prices import Market
from connectors.sandbox.wire import Answer, WireRequest

NAME = "ptax"
PREFIX = "/olinda/servico/PTAX/versao/v1/odata/"
DAY = re.compile(r"'(\d{2})-(\d{2})-(\d{4})'")
BRASILIA = ZoneInfo("America/Sao_Paulo")
BULLETINS = (
    (time(10, 4, 12), "Abertura"),
    (time(11, 6, 31), "Intermediário"),
    (time(13, 5, 27, 423000), "Fechamento PTAX"),
)
EURO_IN_DOLLARS = Decimal("1.09")
SPREAD = Decimal("0.0006")
FOUR = Decimal("0.0001")
SATURDAY = 5


class CentralBank:
    """Answers as the bank does. `fixed` holds closing rates that a test wants: (currency, day) -> reais.

    `written` turns a rate into JSON.
    """

    def __init__(self, market: Market, clock: Callable[[], datetime], faults: FaultBoard, log: RequestLog) -> None:
        self._market, self._clock, self._faults, self._log = market, clock, faults, log
        self.fixed: dict[tuple[str, date], Decimal] = {}
        self.written: Callable[[Decimal], str] = lambda rate: f"{rate:f}"

    def __call__(self, request: WireRequest) -> tuple[Answer, Fault | None]:
        """Answer one request, and say which fault was ordered for it."""
        fault = self._faults.take(NAME, request.path, "")
        if fault is not None and fault.kind is FaultKind.STATUS:
            answer, fault = Answer(fault.status or 503, '/*{ "codigo" : 503 }*/'), None
        else:
            answer = self._answer(request)
        self._log.add(NAME, request, "", answer.status)
        return answer, fault

    def _answer(self, request: WireRequest) -> Answer:
        resource = request.path.removeprefix(PREFIX).partition("(")[0]
        asked = request.params()
        try:
            first, last = (_day(asked[name]) for name in ("@dataInicial", "@dataFinalCotacao"))
            currency = "USD" if resource == "CotacaoDolarPeriodo" else asked["@moeda"].strip("'")
        except (KeyError, ValueError, TypeError):
            return Answer(400, {"codigo": 400, "mensagem": "parameters"})
        if resource not in ("CotacaoDolarPeriodo", "CotacaoMoedaPeriodo") or request.method != "GET":
            return Answer(404, {"codigo": 404, "mensagem": "resource"})
        rows = list(self._rows(currency, first, last))
        if resource == "CotacaoDolarPeriodo":
            closing = [row for row in rows if row["tipoBoletim"].startswith("Fechamento")]
            rows = [
                {name: row[name] for name in ("cotacaoCompra", "cotacaoVenda", "dataHoraCotacao")} for row in closing
            ]
        return Answer(200, _json(resource, rows), {"Content-Type": "application/json;charset=UTF-8"})

    def _rows(self, currency: str, first: date, last: date) -> Iterator[dict[str, str]]:
        day = first
        while day <= last:
            for moment, kind in BULLETINS if day.weekday() < SATURDAY else ():
                at = datetime.combine(day, moment, BRASILIA)
                if at <= self._clock():
                    rate = self._rate(currency, day, at.astimezone(UTC))
                    local = f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03d}"
                    yield {
                        "cotacaoCompra": self.written(rate - SPREAD),
                        "cotacaoVenda": self.written(rate),
                        "dataHoraCotacao": local,
                        "tipoBoletim": kind,
                    }
            day += timedelta(days=1)

    def _rate(self, currency: str, day: date, at: datetime) -> Decimal:
        if (currency, day) in self.fixed:
            return self.fixed[currency, day]
        dollar = self._market.pair("USDT", "BRL", at)
        return (dollar * EURO_IN_DOLLARS if currency == "EUR" else dollar).quantize(FOUR)


def _day(text: str) -> date:
    found = DAY.fullmatch(text)
    if found is None:
        raise ValueError(text)
    month, day, year = map(int, found.groups())
    return date(year, month, day)


def _json(resource: str, rows: list[dict[str, str]]) -> str:
    """Return the body; rates are JSON numbers with all their digits."""
    numbers = ("cotacaoCompra", "cotacaoVenda")
    written = [
        "{" + ",".join(f'"{name}":' + (text if name in numbers else f'"{text}"') for name, text in row.items()) + "}"
        for row in rows
    ]
    context = f"https://was-p.bcnet.bcb.gov.br{PREFIX}$metadata#_{resource}"
    return f'{{"@odata.context":"{context}","value":[{",".join(written)}]}}'
