"""A hundred thousand mutated answers, read by every connector: none crashes, none is half read, none is slow."""

import argparse
import json
import random
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import localcontext
from typing import Any

from connectors._interface import Connector
from connectors.errors import ExchangeError
from tests.connectors.cases import Case, make, samples
from tests.torture import bodies
from tests.torture.mutations import Kind, Mutation, mutate
from tests.torture.oracle import judge
from tests.torture.summary import Summary

LONGEST_SECONDS = 1.0
LONGEST_ERROR_TEXT = 300
TWICE_MUTATED = 0.2
SEED = 20_261_122
SHOWN = 400
# objects whose keys are rows (codes of assets, ids): one key less is a row less, a new one is a row more
MAPS = {
    "/0/private/Balance": ("result",),
    "/0/private/BalanceEx": ("result",),
    "/0/private/Ledgers": ("result/ledger",),
    "/0/private/OpenPositions": ("result",),
    "/0/public/Ticker": ("result",),
    "/derivatives/api/v3/accounts": ("accounts", "accounts/*/balances", "accounts/*/currencies"),
    "/api/auth/v1/api-keys/v3/check": ("permissions",),
    "/api/v4/wallet/total_balance": ("details",),
    "/api/v5/asset/asset-valuation": ("data/0/details",),
    "/v2/exchange-rates": ("data/rates",),
    "/api/v4/unified/accounts": ("balances",),
    "/openApi/spot/v1/account/balance": ("data",),
    "/openApi/swap/v1/trade/positionHistory": ("data",),
    "/openApi/swap/v2/quote/ticker": ("data",),  # a list when no symbol is asked for
    "/openApi/fund/v1/account/balance": ("data",),  # an empty list when there is nothing
    "/0/private/Earn/Allocations": ("result/items/*/amount_allocated",),
}
# keys that exchanges document as left out at times, though no recorded answer shows it, by path and place
LEFT_OUT = frozenset({
    ("/sapi/v1/account/info", ("isOptionsEnabled",)),
    ("/sapi/v1/account/info", ("isPortfolioMarginRetailEnabled",)),
    ("/sapi/v1/account/apiRestrictions", ("enablePortfolioMarginTrading",)),
    ("/fapi/v3/account", ("assets", "*", "updateTime")),
    ("/api/v4/unified/accounts", ("balances", "ETH", "iso_balance")),
    ("/api/v4/unified/accounts", ("balances", "USDT", "iso_balance")),
    ("/v5/asset/asset-overview", ("result", "list", "*", "coinDetail")),
    ("/v5/asset/asset-overview", ("result", "list", "*", "categories", "*", "coinDetail")),
    ("/api/v4/futures/usdt/position_close", ("*", "accum_size")),
    ("/derivatives/api/v3/tickers", ("tickers", "*", "last")),
    ("/0/private/DepositStatus", ("result", "deposits", "*", "fee")),
    ("/0/private/Earn/Allocations", ("result", "items", "*", "amount_allocated", "bonding")),
})  # fmt: skip
# exchanges that write null for an empty list, or for what holds it
NULL_LISTS = ("bingx", "bitget", "bybit")


@dataclass
class Tally:
    """What happened so far."""

    count: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    crashes: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    slow: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    slowest_name: str = ""


class Subject:
    """One recorded answer, its connector and its reading as recorded."""

    def __init__(self, case: Case, connector: Connector) -> None:
        sample = case.data
        self.name, self._sample, self._connector = str(case), sample, connector
        names = ("params", "query", "form", "request_body")
        self.params: dict[str, Any] = next((sample[name] for name in names if sample.get(name)), {})
        text = sample.get("body_text")
        self.endpoint = (case.exchange, str(sample["path"]))
        self.optional: frozenset[bodies.Path] = frozenset()
        self.succeeded = 200 <= (sample["status"] or 200) < 300
        self.maps = MAPS.get(sample["path"], ())
        self.tree = bodies.read(json.dumps(sample["body"]) if text is None else _json_or_text(text))
        self.base = self.read(self.tree)

    def may_lack(self, mutation: Mutation, tree: Any) -> bool:  # noqa: ANN401 - any JSON
        """Whether the exchange itself is known to leave out what the mutation took, or to write null there."""
        if not mutation.nothing():
            return False
        null_list = isinstance(bodies.at(tree, mutation.path), list | dict)
        place = bodies.pattern(mutation.path)
        return (
            place in self.optional
            or (self.endpoint[1], place) in LEFT_OUT
            or (null_list and self.endpoint[0] in NULL_LISTS)
        )

    def read(self, tree: Any) -> Mapping[str, Any] | None:  # noqa: ANN401 - any JSON
        """Return the reading of a body, None when it is refused."""
        try:
            return self.ask(bodies.write(tree).encode())
        except ExchangeError:
            return None

    def ask(self, body: bytes, status: int | None = None, headers: dict[str, str] | None = None) -> dict[str, Any]:
        """Return the reading of an answer or raise as the connector does."""
        sample = self._sample
        given = sample["status"] if status is None else status
        return self._connector.read_answer(
            sample["method"],
            sample["path"],
            status=given,
            headers={**(sample["headers"] or {}), **(headers or {})},
            body=body,
            params=self.params,
            context=sample.get("context") or {},
        )


def subjects() -> list[Subject]:
    """Return all recorded answers, each exchange with one connector, and what each endpoint is known to leave out."""
    made: dict[str, Connector] = {}
    found = [
        Subject(case, made.get(case.exchange) or made.setdefault(case.exchange, make(case.exchange)))
        for case in samples()
    ]
    by_endpoint: dict[tuple[str, str], list[Any]] = {}
    for subject in found:
        if subject.base is not None:
            by_endpoint.setdefault(subject.endpoint, []).append(subject.tree)
    optional = {endpoint: bodies.optional(trees) for endpoint, trees in by_endpoint.items()}
    for subject in found:
        subject.optional = optional.get(subject.endpoint, frozenset())
    return found


def torment(count: int, seed: int = SEED) -> Tally:
    """Read `count` mutated answers, the same ones for the same seed, and judge each."""
    rng, tally = random.Random(seed), Tally()
    found = subjects()
    with localcontext(prec=120):
        while tally.count < count:
            subject = rng.choice(found)
            tree, base = subject.tree, subject.base
            mutation = mutate(tree, rng, subject.params, subject.maps)
            if rng.random() < TWICE_MUTATED and mutation.raw is None and mutation.status is None:
                first = subject.read(mutation.tree)
                if first is not None:
                    tree, base = mutation.tree, first
                    mutation = mutate(tree, rng, subject.params, subject.maps)
            _try(subject, mutation, tree, base, tally)
    return tally


def _try(subject: Subject, mutation: Mutation, tree: Any, base: Mapping[str, Any] | None, tally: Tally) -> None:  # noqa: ANN401
    tally.count += 1
    tally.kinds[mutation.kind] += 1
    where = f"{subject.name} {mutation.what} at {'/'.join(map(str, mutation.path))}".encode("ascii", "replace").decode()
    body = bodies.write(mutation.tree).encode() if mutation.raw is None else mutation.raw
    outcome: Mapping[str, Any] | None = None
    started = time.process_time()
    try:
        outcome = subject.ask(body, mutation.status, mutation.headers)
        result = "read"
    except ExchangeError as e:
        result = type(e).__name__
        if len(str(e)) > LONGEST_ERROR_TEXT or not str(e).isprintable() or e.__cause__ or e.__context__:
            tally.wrong[f"error text or cause: {where}"] += 1
    except Exception as e:  # noqa: BLE001 - a crash is what we look for
        result = "crash"
        tally.crashes[f"{type(e).__name__}: {where}"] += 1
    seconds = time.process_time() - started
    tally.outcomes[result] += 1
    if seconds > tally.slowest:
        tally.slowest, tally.slowest_name = seconds, where
    if seconds >= LONGEST_SECONDS:
        tally.slow[where] += 1
    if mutation.kind is Kind.GONE and subject.may_lack(mutation, tree):
        return
    if mutation.kind is Kind.STATUS and not subject.succeeded:
        return  # some refusals say with any status that a wallet was never opened
    fault = judge(mutation, tree, base, outcome, subject.read)
    if fault:
        tally.wrong[f"{fault}: {where}"] += 1


def _json_or_text(text: str) -> str:
    """Return a recorded text if it is JSON, else as JSON text: a refusal that is a page."""
    try:
        json.loads(text)
    except ValueError:
        return json.dumps(text)
    return text


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=SEED)


def run(options: argparse.Namespace) -> Summary:
    """Read the mutated answers and say what happened."""
    started = time.monotonic()
    tally = torment(options.count, options.seed)
    facts = {
        "mutated answers": f"{tally.count:,} (seed {options.seed})",
        "read": f"{tally.outcomes['read']:,}",
        **{
            f"refused, {name}": f"{number:,}" for name, number in tally.outcomes.most_common() if name.endswith("Error")
        },
        "crashes": str(tally.crashes.total()),
        "wrong readings": str(tally.wrong.total()),
        "more than 1 s of CPU": str(tally.slow.total()),
        "dearest, CPU": f"{tally.slowest * 1000:.1f} ms ({tally.slowest_name})",
        "wall time": f"{time.monotonic() - started:.0f} s",
    }
    faults = [*tally.crashes, *tally.wrong, *tally.slow]
    return Summary("answers", facts, faults[:SHOWN])
