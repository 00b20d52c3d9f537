"""The book: what was read of a client's accounts, as tables, checked once and cast once (PNL.md section 1)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

TABLES: dict[str, tuple[str, ...]] = {
    "accounts": ("account", "exchange", "removed_at"),
    "snapshots": ("ts", "account", "wallet", "ok"),
    "balances": ("ts", "account", "wallet", "asset", "amount", "price"),
    "positions": (
        "ts", "account", "wallet", "symbol", "base", "side", "qty", "contract", "multiplier", "entry", "mark", "upnl",
        "settle", "settle_price", "leverage", "liq", "mm",
    ),
    "ledger": ("id", "ts", "account", "wallet", "kind", "asset", "amount", "price", "symbol", "side", "ref", "txid"),
    "links": ("out", "in"),
    "prices": ("ts", "asset", "price"),
    "fx": ("ts", "ccy", "per_usd"),
}  # fmt: skip
NUMBERS = frozenset(
    (
        "amount",
        "price",
        "per_usd",
        "upnl",
        "qty",
        "entry",
        "mark",
        "settle_price",
        "multiplier",
        "leverage",
        "liq",
        "mm",
    )
)
TIMES = frozenset(("ts", "removed_at"))
DEFAULTS: dict[str, float] = {
    "stale_after_s": 900,
    "gap_after_s": 86400,
    "price_max_age_s": 86400,
    "fx_max_age_s": 432000,
    "quote_max_age_s": 300,
    "max_bracket_s": 7200,
    "min_capital_usd": 1,
    "tol_abs_usd": 1,
    "tol_rel": 1e-4,
    "match_window_s": 86400,
    "match_wallet_window_s": 600,
    "match_slack_s": 300,
    "match_amount_rel": 0.005,
    "breakeven_usd": 0.005,
    "min_obs": 30,
    "low_obs": 90,
    "low_trades": 30,
    "depeg": 0.01,
}
FLOW_KINDS = frozenset(("deposit", "withdrawal", "transfer"))
COMPONENT_OF = {
    "realised": "realised",
    "funding": "funding",
    "fee": "fees",
    "rebate": "fees",
    "liquidation_fee": "fees",
    "interest": "other_income",
    "airdrop": "other_income",
    "bonus": "other_income",
    "adjustment": "other_income",
}
KINDS = FLOW_KINDS | COMPONENT_OF.keys() | {"trade"}
COMPONENTS = (
    "realised",
    "unrealised_change",
    "funding",
    "fees",
    "other_income",
    "price_effect",
    "fx_effect",
    "unexplained",
)
Scope = Sequence[str] | None


def settings(cfg: Mapping[str, float] | None) -> dict[str, float]:
    """Return the rules with what `cfg` says of them; an unknown rule raises ValueError naming the known ones."""
    unknown = set(cfg or {}) - DEFAULTS.keys()
    if unknown:
        raise ValueError(f"unknown rule {sorted(unknown)}; known: {sorted(DEFAULTS)}")
    return {**DEFAULTS, **(cfg or {})}


@dataclass(frozen=True)
class Book:
    """Tables of PNL.md section 1 with their zone and currency; missing tables and columns are empty.

    `ts` is datetime64[us, UTC], numbers are float64, `cfg` holds only what differs from the defaults. Raises
    ValueError for an unknown kind of ledger entry, an unknown rule or zone, and a wallet of no known account.
    """

    tz: str = "UTC"
    ccy: str = "USD"
    cfg: Mapping[str, float] = field(default_factory=dict)
    accounts: pd.DataFrame | None = None
    snapshots: pd.DataFrame | None = None
    balances: pd.DataFrame | None = None
    positions: pd.DataFrame | None = None
    ledger: pd.DataFrame | None = None
    links: pd.DataFrame | None = None
    prices: pd.DataFrame | None = None
    fx: pd.DataFrame | None = None

    def __post_init__(self) -> None:
        """Check what the tables say of themselves."""
        ZoneInfo(self.tz)
        settings(self.cfg)
        strange = set(self.tables["ledger"]["kind"]) - KINDS
        if strange:
            raise ValueError(f"unknown ledger kind {sorted(map(str, strange))}; known: {sorted(KINDS)}")
        homeless = set(self.tables["snapshots"]["account"]) - set(self.tables["accounts"]["account"])
        if homeless:
            raise ValueError(f"snapshots of accounts that are not in the book: {sorted(map(str, homeless))}")

    @cached_property
    def rules(self) -> dict[str, float]:
        """The rules in force."""
        return settings(self.cfg)

    @cached_property
    def tables(self) -> dict[str, pd.DataFrame]:
        """The tables, all columns present and of their types."""
        return {name: _table(getattr(self, name), columns) for name, columns in TABLES.items()}

    @cached_property
    def derived(self) -> dict[Any, Any]:
        """What was computed from this book already, by the functions that computed it."""
        return {}


def in_scope(wallet: str, scope: Scope) -> bool:
    """Tell whether a wallet ("account/wallet") belongs to a scope of accounts and wallets; None is everything."""
    return scope is None or wallet in scope or wallet.partition("/")[0] in scope


def wallet_key(frame: pd.DataFrame) -> "pd.Series[Any]":
    """Return "account/wallet" of each row."""
    return frame["account"].astype(str) + "/" + frame["wallet"].astype(str)


def microseconds(times: Iterable[Any]) -> "pd.Series[Any]":
    """Return instants as int64 microseconds since 1970 UTC; what has no zone is UTC; null becomes the lowest int64."""
    cast = pd.to_datetime(pd.Series(list(times), dtype=object), utc=True, format="ISO8601")
    return cast.astype("datetime64[us, UTC]").astype("int64")


def instant(value: Any) -> int:  # noqa: ANN401 (text, datetime or Timestamp)
    """Return one instant as microseconds since 1970 UTC."""
    stamp = pd.Timestamp(value)
    stamp = stamp.tz_localize("UTC") if stamp.tzinfo is None else stamp.tz_convert("UTC")
    return int(stamp.asm8.astype("datetime64[us]").astype("int64"))


def stamp(us: int) -> pd.Timestamp:
    """Return microseconds since 1970 as a UTC Timestamp."""
    return pd.Timestamp(us, unit="us", tz="UTC")


def _table(frame: pd.DataFrame | None, columns: tuple[str, ...]) -> pd.DataFrame:
    given = pd.DataFrame(columns=list(columns), dtype=object) if frame is None else frame
    exact = ["amount_dec"] if "amount_dec" in given.columns else []
    table = given.reindex(columns=[*columns, *exact]).reset_index(drop=True)
    for name in columns:
        if name in TIMES:
            table[name] = pd.to_datetime(table[name], utc=True, format="ISO8601").astype("datetime64[us, UTC]")
        elif name in NUMBERS:
            if name == "amount" and not exact and len(table) and table[name].dtype == object:
                table["amount_dec"] = table[name]
            table[name] = pd.to_numeric(table[name]).astype("float64")
        elif name == "ok":
            table[name] = table[name].astype(bool)
        else:
            column = table[name].astype(object)
            table[name] = column.where(column.notna(), None)
    return table
