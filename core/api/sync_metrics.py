"""The sync in Prometheus' terms: ages, runs, errors, limits, breakers and queues by exchange, never by account."""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import chain

from prometheus_client.core import GaugeHistogramMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from core.domain.sync_runs import RunOutcome
from core.services.sync_health import ExchangeHealth, SyncHealth

AGE_BOUNDS = (15, 30, 45, 60, 90, 120, 300, 600, 1800, 3600, 86_400)
QUANTILES = (0.5, 0.9, 0.99)

_Figure = Callable[[ExchangeHealth], float | None]


class SyncCollector(Collector):
    """One reading of the sync as gauges. Windows slide, so counts may fall; none is a counter."""

    def __init__(self, health: SyncHealth) -> None:
        self._health = health

    def collect(self) -> Iterator[Metric]:
        """Yield the gauges."""
        return chain(self._ages(), self._runs(), self._limits(), self._queues(), self._sidecars())

    def _ages(self) -> Iterator[Metric]:
        histogram = GaugeHistogramMetricFamily(
            "ga_reading_age_seconds", "Age of the last good reading of accounts being read.", labels=["exchange"]
        )
        quantiles = GaugeMetricFamily(
            "ga_reading_age_quantile_seconds",
            "Age that this share of the accounts being read does not exceed.",
            labels=["exchange", "quantile"],
        )
        for exchange in self._health.exchanges:
            buckets = [(str(float(bound)), _at_most(exchange.ages, bound)) for bound in AGE_BOUNDS]
            buckets.append(("+Inf", float(len(exchange.ages))))
            histogram.add_metric([exchange.exchange], buckets, gsum_value=sum(exchange.ages))
            for share in QUANTILES:
                age = exchange.age(share)
                if age is not None:
                    quantiles.add_metric([exchange.exchange, str(share)], age)
        yield histogram
        yield quantiles
        yield self._gauge(
            "ga_accounts_never_read", "Accounts being read that have no good reading.", lambda found: found.never
        )

    def _runs(self) -> Iterator[Metric]:
        runs = GaugeMetricFamily(
            "ga_slots", "Runs that ended in the last hour or day.", labels=["exchange", "outcome", "window"]
        )
        errors = GaugeMetricFamily(
            "ga_slot_errors", "Failed runs of the last hour by kind of trouble.", labels=["exchange", "class"]
        )
        for exchange in self._health.exchanges:
            for window, success in (("1h", exchange.last_hour), ("1d", exchange.last_day)):
                for outcome in RunOutcome:
                    runs.add_metric([exchange.exchange, outcome.value, window], success.runs.get(outcome, 0))
            for kind, count in sorted(exchange.classes.items()):
                errors.add_metric([exchange.exchange, kind.value], count)
        yield runs
        yield errors
        yield self._gauge(
            "ga_success_ratio",
            "Share of runs of the last hour that stored something.",
            lambda found: found.last_hour.rate,
        )
        yield self._gauge(
            "ga_requests_last_hour", "Requests of all runs of the last hour.", lambda found: found.requests_last_hour
        )

    def _limits(self) -> Iterator[Metric]:
        used = GaugeMetricFamily(
            "ga_budget_used_ratio",
            "Used share of an exchange's limit, on average over the last hour.",
            labels=["exchange", "address", "limit"],
        )
        paused = GaugeMetricFamily(
            "ga_exchange_paused_seconds", "Time until an exchange is asked again.", labels=["exchange", "reason"]
        )
        for exchange in self._health.exchanges:
            for use in exchange.budgets:
                used.add_metric([exchange.exchange, use.egress, use.bucket], use.ratio)
            left: dict[str, float] = {}
            for pause in exchange.pauses:
                left[pause.reason] = max(left.get(pause.reason, 0), (pause.until - self._health.now).total_seconds())
            for reason, seconds in sorted(left.items()):
                paused.add_metric([exchange.exchange, reason], seconds)
        yield used
        yield paused
        yield self._gauge(
            "ga_breaker_open", "1 while an exchange must answer a probe first.", lambda found: float(found.breaker_open)
        )

    def _queues(self) -> Iterator[Metric]:
        yield self._gauge("ga_queue_length", "Accounts that are due and not yet taken.", lambda found: found.due)
        yield self._gauge(
            "ga_queue_oldest_seconds",
            "How long the oldest of them has been due.",
            lambda found: found.oldest_due_seconds,
        )
        yield self._gauge("ga_slots_running", "Accounts that are being read now.", lambda found: found.running)

    def _sidecars(self) -> Iterator[Metric]:
        alive = sum(not sidecar.silent for sidecar in self._health.sidecars)
        yield GaugeMetricFamily("ga_sidecars_alive", "Sidecars with a recent sign of life.", value=alive)

    def _gauge(self, name: str, text: str, figure: _Figure) -> Metric:
        family = GaugeMetricFamily(name, text, labels=["exchange"])
        for exchange in self._health.exchanges:
            value = figure(exchange)
            if value is not None:
                family.add_metric([exchange.exchange], value)
        return family


def _at_most(ages: Sequence[float], bound: float) -> float:
    return float(bisect_right(ages, bound))
