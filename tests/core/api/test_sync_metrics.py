"""The sync in Prometheus' terms: by exchange, and without a word of anybody."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from core.api.metrics import render_metrics
from core.bootstrap import Web
from core.domain.reading_plans import Budget
from core.domain.sync_runs import RunOutcome, RunTally
from core.domain.types import ExchangeAccount, Heartbeat
from core.ports import ExchangePause
from core.services.access import WHOLE_FLEET
from tests.core.api.parts import FakeClock, make_web
from tests.core.persistence.makers import make_account, make_credential, make_run, make_user
from tests.databases import BACKENDS, fresh_url

BACKEND_PARAMS = [pytest.param(name, marks=pytest.mark.postgres) if name == "postgresql" else name for name in BACKENDS]
SECOND = timedelta(seconds=1)


@pytest.fixture(params=BACKEND_PARAMS)
def web(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Web]:
    with fresh_url(str(request.param), tmp_path) as url:
        web = make_web(url, FakeClock())
        yield web
        web.storage.dispose()


def add_accounts(web: Web) -> list[ExchangeAccount]:
    """Store accounts that were read 10, 40 and 700 seconds ago, the last of them due for five seconds."""
    now, client = web.clock(), make_user("ana-of-the-metrics", name="Ana Souza")
    accounts = [make_account(client, name=f"Account {number}") for number in range(3)]
    with web.storage.begin(WHOLE_FLEET) as uow:
        uow.users.add(client, None)
        for account, age, due in zip(accounts, (10, 40, 700), (20, 20, -5), strict=True):
            uow.accounts.add(account, make_credential(account), f"index-{account.id}")
            uow.syncing.ensure(account.id, client.id, now, 30)
            lease = uow.syncing.claim_one(account.id, now - timedelta(days=1), owner="one", lease_seconds=60)
            assert lease is not None
            at, due_at = now - age * SECOND, now + due * SECOND
            uow.syncing.release(lease, next_due_at=due_at, interval_seconds=30, now=at)
            uow.runs.add(make_run(account, lease.fence))
    return accounts


def scrape(web: Web) -> tuple[str, dict[tuple[str, ...], float]]:
    text = render_metrics(web).decode()
    samples = {
        (sample.name, *(sample.labels[name] for name in sorted(sample.labels))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    return text, samples


def test_ages_runs_errors_limits_breakers_and_queues_are_told_by_exchange(web: Web) -> None:
    add_accounts(web)
    now = web.clock()
    with web.storage.begin(WHOLE_FLEET) as uow:
        uow.runs.add_tallies(
            [
                RunTally("one", "alpha", now, RunOutcome.OK, "", 19, 57, 1),
                RunTally("one", "alpha", now, RunOutcome.FAILED, "network", 1, 3, 1),
                RunTally("one", "alpha", now - timedelta(hours=2), RunOutcome.FAILED, "bad_key", 5, 3, 1),
            ]
        )
        uow.syncing.pause(ExchangePause("alpha", now + 42 * SECOND, "maintenance"))
        uow.planning.ensure_budget(Budget("alpha", "way", "weight", 6000, 60, other_rate=75.0))
        uow.syncing.beat(Heartbeat("one", now, now, "ok"))
    _text, samples = scrape(web)
    wanted = {
        ("ga_reading_age_seconds_bucket", "alpha", "15.0"): 1,
        ("ga_reading_age_seconds_bucket", "alpha", "600.0"): 2,
        ("ga_reading_age_seconds_bucket", "alpha", "+Inf"): 3,
        ("ga_reading_age_seconds_gcount", "alpha"): 3,
        ("ga_reading_age_seconds_gsum", "alpha"): 750,
        ("ga_reading_age_quantile_seconds", "alpha", "0.5"): 40,
        ("ga_reading_age_quantile_seconds", "alpha", "0.99"): 700,
        ("ga_slots", "alpha", "ok", "1h"): 19,
        ("ga_slots", "alpha", "failed", "1h"): 1,
        ("ga_slots", "alpha", "failed", "1d"): 6,
        ("ga_slots", "alpha", "missed", "1h"): 0,
        ("ga_slot_errors", "away", "alpha"): 1,
        ("ga_success_ratio", "alpha"): 0.95,
        ("ga_requests_last_hour", "alpha"): 60,
        ("ga_budget_used_ratio", "way", "alpha", "weight"): 0.75,
        ("ga_exchange_paused_seconds", "alpha", "maintenance"): 42,
        ("ga_breaker_open", "alpha"): 1,
        ("ga_queue_length", "alpha"): 1,
        ("ga_queue_oldest_seconds", "alpha"): 5,
        ("ga_slots_running", "alpha"): 0,
        ("ga_accounts_never_read", "alpha"): 0,
        ("ga_sidecars_alive",): 1,
    }
    assert {name: samples.get(name) for name in wanted} == wanted


def test_no_client_no_account_and_no_id_is_a_label(web: Web) -> None:
    accounts = add_accounts(web)
    text, _samples = scrape(web)
    for account in accounts:
        for word in (str(account.id), account.id.hex, str(account.user_id), account.name, account.hint):
            assert word not in text
    assert "ana" not in text.lower()
    assert "alpha" in text
