"""Writes down in Markdown what the connectors declare of themselves: the page docs/exchanges.md."""

from collections.abc import Iterable, Iterator, Mapping

from connectors._base import RestConnector
from connectors._reading import Endpoint
from connectors.types import Capability, ExchangeInfo, RateLimit

HEAD = """# Exchanges

What the connectors declare of themselves, written by `make docs`: change the connectors, not this page.
"""
READS = """
A read that an exchange does not offer is shown as "not available", never as zero. Costs are units of the limit named
beside them; a limit is shared by everybody behind one address, by one account, or by one key.
"""
SHARED_BY = {"ip": "address", "uid": "account", "key": "key"}
KEY_FACTS = ("read", "trade", "transfer", "withdraw", "ip_restricted", "expires_at", "uid")


def write_page(kinds: Iterable[type[RestConnector]]) -> str:
    """Return the whole page, the exchanges in the order given."""
    known = list(kinds)
    lines = [HEAD, *_overview([kind.info for kind in known]), READS.rstrip()]
    for kind in known:
        lines += _chapter(kind.info, kind.endpoints)
    return "\n".join(lines) + "\n"


def _overview(infos: Iterable[ExchangeInfo]) -> Iterator[str]:
    rows = (
        (f"[{info.name}](#{_anchor(info.name)})", _code([info.id]), _modes(info), _not_offered(info),
         _yes(_needs_passphrase(info)), _yes(info.has_testnet))
        for info in infos
    )  # fmt: skip
    yield from _table(("exchange", "id", "account modes", "reads not available", "passphrase", "testnet"), rows)


def _chapter(info: ExchangeInfo, endpoints: Iterable[Endpoint]) -> Iterator[str]:
    links = [
        f"[documentation]({info.docs_url})",
        f"[API keys]({info.key_page_url})" if info.key_page_url else "",
        f"[steps to a read-only key](../connectors/{info.id}/KEY.md)",
    ]
    yield f"\n## {info.name}\n"
    yield " · ".join(link for link in links if link) + "\n"
    yield from _table(("fact", "value"), _facts(info))
    if info.quirks:
        yield "\nGood to know:\n"
        yield from (f"- {quirk}" for quirk in info.quirks)
    yield "\nLimits:\n"
    yield from _table(("limit", "units", "shared by"), (_limit_row(limit) for limit in info.rate_limits))
    yield "\nCalls:\n"
    limits = {limit.name: limit for limit in info.rate_limits}
    yield from _table(("call", "cost", "limit", "signed"), (_call_row(call, limits) for call in endpoints))


def _facts(info: ExchangeInfo) -> Iterator[tuple[str, str]]:
    yield "reads", _code(capability for capability in Capability if capability in info.capabilities)
    yield "not available", _not_offered(info)
    yield "account modes", _modes(info)
    yield "wallets", ", ".join(f"`{name}` ({kind})" for name, kind in info.wallets.items())
    yield "a key tells", _code(fact for fact in KEY_FACTS if fact in info.key_facts)
    yield "a key does not tell", _code(fact for fact in KEY_FACTS if fact not in info.key_facts)
    yield "history kept", _days(info.history) or "no limit known"
    yield "one question spans", _days(info.windows) or "any time"
    yield "passphrase", _yes(_needs_passphrase(info))
    choices = (field for field in info.credential_fields if field.kind == "choice")
    yield "other settings", "; ".join(f"`{field.name}`: {_code(field.choices)}" for field in choices) or "none"
    yield "hosts", _code(dict.fromkeys(info.hosts.values()))
    yield "testnet", _code(dict.fromkeys(info.testnet_hosts.values())) if info.has_testnet else "no"


def _limit_row(limit: RateLimit) -> tuple[str, str, str]:
    span = f"{limit.window_seconds} s" if limit.window_seconds != 1 else "second"
    return _code([limit.name]), f"{limit.limit:,} per {span}", SHARED_BY[limit.scope]


def _call_row(call: Endpoint, limits: Mapping[str, RateLimit]) -> tuple[str, str, str, str]:
    limit = limits.get(call.limit)
    known = f"{_code([limit.name])} per {SHARED_BY[limit.scope]}" if limit else "none published"
    return f"{call.method} `{call.path}`", f"{call.weight:,}", known, _yes(call.private)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"| {' | '.join('---' for _ in head)} |"
    yield from (f"| {' | '.join(row)} |" for row in rows)


def _days(spans: Mapping[str, int]) -> str:
    """Name the lists that share a span together, the longest first."""
    by_days: dict[int, list[str]] = {}
    for name, days in spans.items():
        by_days.setdefault(days, []).append(name)
    return "; ".join(
        f"{f'{days:,} days' if days else 'nothing'}: {_code(by_days[days])}" for days in sorted(by_days, reverse=True)
    )


def _modes(info: ExchangeInfo) -> str:
    return ", ".join(mode.replace("_", " ") for mode in info.modes)


def _not_offered(info: ExchangeInfo) -> str:
    return _code(capability for capability in Capability if capability not in info.capabilities)


def _needs_passphrase(info: ExchangeInfo) -> bool:
    return any(field.name == "passphrase" for field in info.credential_fields)


def _code(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "none"


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _anchor(title: str) -> str:
    return title.lower().replace(" ", "-").replace(".", "")
