"""The control port: what tests, the demo and people ask of the sandbox, and order of it (JSON, loopback only)."""

import json
import re
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import datetime
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Any

from connectors.sandbox.dialect import Dialect, Site
from connectors.sandbox.faults import Fault, FaultBoard, FaultKind
from connectors.sandbox.keys import KeyRing, SandboxKey, make_key
from connectors.sandbox.model import Event
from connectors.sandbox.wire import Answer, WireRequest
from connectors.sandbox.world import World
from connectors.types import LedgerKind, Permissions

TRUTH = re.compile(r"/sandbox/truth/(\d+)")
Data = dict[str, Any]


class RequestLog:
    """Counts requests by exchange, method, path, key hint and answer, so that tests can prove what was not called."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str, str, str, int]] = Counter()
        self._lock = threading.Lock()

    def add(self, exchange: str, request: WireRequest, api_key: str, status: int) -> None:
        """Count one answered request."""
        with self._lock:
            self._counts[(exchange, request.method, request.path, hint(api_key), status)] += 1

    def rows(self) -> list[Data]:
        """Return the counts."""
        with self._lock:
            items = sorted(self._counts.items())
        names = ("exchange", "method", "path", "key", "status")
        return [dict(zip(names, what, strict=True)) | {"count": count} for what, count in items]

    def clear(self) -> None:
        """Begin anew."""
        with self._lock:
            self._counts.clear()


def hint(api_key: str) -> str:
    """Return the last four characters of a key."""
    return api_key[-4:]


class Control:
    """Routes of the control port."""

    def __init__(
        self,
        *,
        world: World,
        sites: dict[str, tuple[Dialect, Site]],
        order: Callable[[Fault], None],
        faults: FaultBoard,
        log: RequestLog,
    ) -> None:
        self.world, self.sites, self.order, self.faults, self.requests = world, sites, order, faults, log
        self._routes: dict[tuple[str, str], Callable[[Data, Data], Any]] = {
            ("GET", "/sandbox/health"): lambda query, body: {"status": "ok", "now": self.world.clock()},
            ("GET", "/sandbox/accounts"): lambda query, body: [
                {"uid": spec.uid, "exchange": spec.exchange, "name": spec.name, "mode": spec.mode}
                for spec in self.world.accounts()
            ],
            ("GET", "/sandbox/keys"): lambda query, body: [asdict(key) for key in self._all_keys()],
            ("POST", "/sandbox/keys"): self._post_key,
            ("DELETE", "/sandbox/keys"): self._delete_key,
            ("POST", "/sandbox/events"): self._post_event,
            ("GET", "/sandbox/faults"): lambda query, body: [asdict(fault) for fault in self.faults.all()],
            ("POST", "/sandbox/faults"): self._post_fault,
            ("DELETE", "/sandbox/faults"): self._delete_faults,
            ("GET", "/sandbox/requests"): lambda query, body: self.requests.rows(),
            ("DELETE", "/sandbox/requests"): self._clear_requests,
            ("DELETE", "/sandbox/limits"): self._clear_limits,
            ("GET", "/sandbox/prices"): self._prices,
        }

    def __call__(self, request: WireRequest) -> tuple[Answer, Fault | None]:
        """Answer one control request."""
        query: Data = request.params()
        try:
            body = json.loads(request.body, parse_float=Decimal) if request.body else {}
            found = TRUTH.fullmatch(request.path)
            if found and request.method == "GET":
                return Answer(200, truth(self.world, found[1], self._at(query))), None
            route = self._routes.get((request.method, request.path))
            if route is None:
                return Answer(404, {"error": "no such route"}), None
            return Answer(200, route(query, body)), None
        except (ValueError, KeyError, TypeError, InvalidOperation) as error:
            return Answer(400, {"error": f"{type(error).__name__}: {error}"}), None

    def _at(self, query: Data) -> datetime:
        if not query.get("at"):
            return self.world.clock()
        at = datetime.fromisoformat(query["at"].replace(" ", "+"))
        if at.tzinfo is None:
            raise ValueError("at needs a time zone")
        return at

    def _all_keys(self) -> list[SandboxKey]:
        return [key for _, site in self.sites.values() for key in site.keys.all()]

    def _ring(self, exchange: str) -> KeyRing:
        return self.sites[exchange][1].keys

    def _post_key(self, query: Data, body: Data) -> Data:
        """Make a key (exchange, name, uid) or change one (exchange, api_key); permissions and flags as given."""
        dialect, site = self.sites[body["exchange"]]
        known = site.keys.find(body.get("api_key", ""))
        key = known or make_key(dialect.id, body["name"], dialect.style, uid=self.world.account(body["uid"]).uid)
        flags: Data = {
            name: body[name]
            for name in ("api_key", "api_secret", "passphrase", "uid", "testnet", "revoked")
            if name in body
        }
        flags |= {name: tuple(body[name]) for name in ("allowed_ips", "denied") if name in body}
        key = replace(key, **flags)
        if "permissions" in body:
            wanted = dict(body["permissions"])
            if wanted.get("expires_at"):
                wanted["expires_at"] = datetime.fromisoformat(wanted["expires_at"])
            key = replace(key, permissions=Permissions(**{**asdict(key.permissions), **wanted}))
        site.keys.put(key)
        return asdict(key)

    def _delete_key(self, query: Data, body: Data) -> Data:
        self._ring(body["exchange"]).remove(body["api_key"])
        return {"status": "ok"}

    def _post_event(self, query: Data, body: Data) -> list[Data]:
        """Book an action now: {uid, kind, amounts: {asset: signed amount}, wallet?, note?}.

        With `move: [from, to]` instead of `kind` the (positive) amounts go from one wallet of the account to another.
        """
        amounts = {asset: Decimal(str(amount)) for asset, amount in body["amounts"].items()}
        uid = body["uid"]
        if "move" in body:
            source, target = body["move"]
            move = partial(self.world.add_transfer, uid, source=source, target=target)
            return [event_data(event) for asset, amount in amounts.items() for event in move(asset, amount)]
        kind, wallet, note = LedgerKind(body["kind"]), body.get("wallet"), body.get("note", "")
        events = self.world.add_event(uid, kind, amounts, wallet=wallet, note=note)
        return [event_data(event) for event in events]

    def _post_fault(self, query: Data, body: Data) -> Data:
        if body["exchange"] not in self.sites:
            raise KeyError(body["exchange"])
        fault = Fault(**{**body, "kind": FaultKind(body["kind"]), "seconds": float(body.get("seconds", 1))})
        self.order(fault)
        return asdict(fault)

    def _delete_faults(self, query: Data, body: Data) -> Data:
        self.faults.clear(query.get("exchange"))
        return {"status": "ok"}

    def _clear_requests(self, query: Data, body: Data) -> Data:
        self.requests.clear()
        return {"status": "ok"}

    def _clear_limits(self, query: Data, body: Data) -> Data:
        for _, site in self.sites.values():
            site.limiter.clear()
        return {"status": "ok"}

    def _prices(self, query: Data, body: Data) -> Data:
        at = self._at(query)
        assets = query.get("assets", "BTC,ETH,SOL,BNB,XRP,USDC,BRL").split(",")
        return {asset: self.world.price(asset, at) for asset in assets}


def truth(world: World, uid: str, at: datetime) -> Data:
    """Return what an honest reader must see of an account: equity in USD, balances, positions, prices, events."""
    book = world.book(uid, at)
    equity, unpriced = world.equity(book)
    assets = {asset for wallet in book.wallets.values() for asset in wallet}
    return {
        "uid": uid,
        "at": at,
        "equity_usd": sum(equity.values(), Decimal(0)),
        "wallets": {
            wallet: {
                "equity_usd": equity[wallet],
                "balances": book.amounts(wallet),
                "unrealized_pnl": book.unrealized(wallet),
            }
            for wallet in book.wallets
        },
        "locked": dict(book.locked),
        "unpriced": unpriced,
        "positions": [
            {name: value for name, value in asdict(position).items() if name != "held"}
            | {"opened_at": position.held.opened_at}
            for position in book.positions
        ],
        "prices": {asset: world.price(asset, at) for asset in sorted(assets)},
        "events": [event_data(event) for event in world.events(uid, world.opened_at, at)],
    }


def event_data(event: Event) -> Data:
    """Return an event as JSON data."""
    return asdict(event)
