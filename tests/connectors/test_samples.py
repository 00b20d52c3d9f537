"""Every connector reads every recorded answer of its exchange as the fact sheet says."""

import json
from decimal import Decimal, InvalidOperation
from typing import Any

import pytest

from connectors.errors import ExchangeError
from tests.connectors.cases import Case, make, samples

# what one answer alone cannot tell, or what is prose
NOT_IN_ONE_ANSWER = frozenset({"ledger_new_after_dedupe", "merged_ids", "disambiguate", "retry_after_s"})


def read(case: Case) -> dict[str, Any]:
    sample = case.data
    given: dict[str, Any] = next(
        (sample[name] for name in ("params", "query", "form", "request_body") if sample.get(name)), {}
    )
    return make(case.exchange).read_answer(
        sample["method"],
        sample["path"],
        status=sample["status"] or 200,
        headers=sample["headers"] or {},
        body=sample.get("body_text", sample["body"]),
        params=given,
        context=sample.get("context") or {},
    )


READINGS = [case for case in samples() if "error" not in case.data["expected"]]
ERRORS = [case for case in samples() if "error" in case.data["expected"]]


@pytest.mark.parametrize("case", READINGS, ids=str)
def test_a_recorded_answer_reads_as_expected(case: Case) -> None:
    reading = read(case)
    json.dumps(reading)
    differences = compare(case.data["expected"], reading, "")
    assert differences == []


@pytest.mark.parametrize("case", ERRORS, ids=str)
def test_a_recorded_refusal_raises_its_class(case: Case) -> None:
    expected = case.data["expected"]["error"]
    with pytest.raises(ExchangeError) as caught:
        read(case)
    error = caught.value
    assert error.code == expected["error_class"]
    assert error.retryable == expected["retryable"]
    assert error.retry_after == expected["retry_after_s"]
    assert error.path == case.data["path"]
    if expected["venue_code"] is not None:
        assert error.venue_code == expected["venue_code"]


def compare(expected: Any, actual: Any, where: str) -> list[str]:  # noqa: ANN401 - plain data
    """List where the reading lacks or contradicts something expected; more in the reading is fine."""
    if where.endswith("/next"):
        expected, actual = following(expected), actual or None
    if isinstance(expected, dict) and isinstance(actual, dict):
        names = [name for name in expected if name not in NOT_IN_ONE_ANSWER]
        return [line for name in names for line in compare(expected[name], actual.get(name), f"{where}/{name}")]
    if isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
        pairs = enumerate(zip(expected, actual, strict=True))
        return [line for index, (one, other) in pairs for line in compare(one, other, f"{where}/{index}")]
    return [] if same(expected, actual) else [f"{where}: expected {expected!r}, read {actual!r}"]


def following(expected: Any) -> Any:  # noqa: ANN401 - plain data
    """Bring both spellings of the next page to one: its parameters, or None."""
    if isinstance(expected, dict) and "has_more" in expected:
        return expected.get("params") if expected["has_more"] else None
    return expected


def same(expected: Any, actual: Any) -> bool:  # noqa: ANN401 - plain data
    """Compare values; numbers as decimals within 1e-9."""
    if expected is None or actual is None or isinstance(expected, bool) or isinstance(actual, bool):
        return expected is actual
    try:
        one, other = Decimal(str(expected)), Decimal(str(actual))
    except InvalidOperation:
        return bool(expected == actual)
    return abs(one - other) <= abs(one) * Decimal("1e-9")


@pytest.mark.parametrize(
    ("expected", "actual"),
    [("1.5", "1.50000001"), ("1", None), ([1], [1, 2]), ({"a": "x"}, {"a": "y"}), (None, "0"), ({"a": 1}, {})],
)
def test_the_comparison_notices_differences(expected: object, actual: object) -> None:
    assert compare(expected, actual, "") != []


def test_every_exchange_with_samples_has_readings_and_refusals() -> None:
    assert {case.exchange for case in READINGS} == {case.exchange for case in ERRORS}
