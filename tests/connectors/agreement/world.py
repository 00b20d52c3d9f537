"""The moment at which everybody reads the sandbox, and how far back."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

NOW = datetime(2026, 2, 14, 15, 30, 20, 250_000, tzinfo=UTC)
SINCE = NOW - timedelta(days=25)
NOW_MS, SINCE_MS = int(NOW.timestamp() * 1000), int(SINCE.timestamp() * 1000)
WEEK_MS = 7 * 86_400_000
WEEKS = [(start, min(start + WEEK_MS - 1, NOW_MS)) for start in range(SINCE_MS, NOW_MS, WEEK_MS)]

Params = dict[str, Any]
Change = tuple[int, str, Decimal]
Amounts = dict[str, Decimal]
