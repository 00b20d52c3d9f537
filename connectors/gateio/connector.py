"""The Gate.io connector: which reads make up a classic, a unified or a portfolio account."""

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, ClassVar

import requests

from connectors._base import RestConnector
from connectors._credentials import Credentials
from connectors._http import build_request
from connectors._interface import Call, Settings
from connectors._reading import Answer, Endpoint, Parser, Reading
from connectors._wallets import WalletRead, merge_balances, read_wallets
from connectors.errors import BadRequestError, PermissionMissingError, WrongAccountModeError
from connectors.gateio import balances, failures, flows, history, positions, public, signing
from connectors.gateio import endpoints as api
from connectors.gateio.kinds import NO_BOOK
from connectors.gateio.readers import READERS
from connectors.types import (
    AccountInfo,
    Balance,
    ClosedPosition,
    ExchangeInfo,
    LedgerEntry,
    Permissions,
    Position,
    Price,
    WalletAccount,
)

MODE_SECONDS = 3_600
CONTRACT_SECONDS = 3_600
POSITIONS_PAGE = 100
KEPT = timedelta(days=api.KEPT_DAYS) - timedelta(minutes=5)
UNKNOWN_RIGHTS = Permissions(None, None, None, None, None)


class GateioConnector(RestConnector):
    """Read a Gate.io account; its mode is asked first: a unified one shows its money in the classic wallets as well."""

    info: ClassVar[ExchangeInfo] = api.INFO
    endpoints: ClassVar[tuple[Endpoint, ...]] = api.ALL
    time_endpoint: ClassVar[Endpoint] = api.TIME
    usage_headers: ClassVar[tuple[str, ...]] = ("X-Gate-RateLimit-Requests-Remain",)
    readers: ClassVar[Mapping[tuple[str, str], Parser]] = READERS

    def __init__(self, credentials: Credentials | None, settings: Settings) -> None:
        region = (settings.options or {}).get("region", "")
        if settings.hosts == api.INFO.hosts and region in api.REGIONS:
            settings = replace(settings, hosts={"rest": api.REGIONS[region]})
        super().__init__(credentials, settings)
        self._mode: tuple[float, str] | None = None
        self._uid: str | None = None
        self._contracts: dict[str, tuple[float, dict[str, dict[str, str]]]] = {}

    def get_permissions(self) -> Permissions:
        """Return what the key may do and the account's uid; where keys may not be listed the rights are unknown.

        That is so for sub-accounts, and on hosts that do not have this read.
        """
        detail = self.call(api.DETAIL).extra
        self._uid = detail["uid"]
        try:
            by_key = self.call(api.MAIN_KEYS).extra["by_key"]
        except (PermissionMissingError, BadRequestError):
            by_key = {}
        rights = public.own_rights(by_key, self.credentials.api_key.reveal()) or UNKNOWN_RIGHTS
        return replace(rights, uid=self._uid, ip_restricted=detail["ip_restricted"])

    def get_account_info(self, *, wallets: Collection[str] | None = None) -> AccountInfo:
        """Return the wallets that make up the account in its mode, each sum of money once."""
        mode = self._ask_mode()
        if mode == public.CLASSIC:
            name, plan = "classic", self._classic_plan()
        elif mode == public.PORTFOLIO:
            name, plan = "portfolio_margin", self._portfolio_plan()
        else:
            name, plan = "unified", self._unified_plan(isolated_inside=True)
        found = read_wallets(self, [item for item in plan if wallets is None or item.wallet in wallets])
        return AccountInfo(found, name, self.now(), self._uid)

    def get_spot_balances(self) -> list[Balance]:
        """Return spot holdings; those of a unified account lie in its one wallet."""
        return list(self.call(api.SPOT if self._classic() else api.UNIFIED).balances or ())

    def get_futures_positions(self, *, wallets: Collection[str] | None = None) -> list[Position]:
        """Return open perpetual and dated contracts; `wallets` restricts the reads. Options are not among them.

        In a portfolio account isolated positions keep their own wallet, as their margin does.
        """
        mode = self._known_mode()
        found: list[Position] = []
        for product in api.PRODUCTS:
            if wallets is not None and not {product.wallet, "unified"} & set(wallets):
                continue
            for position in self._positions(product):
                own = mode == public.CLASSIC or (mode == public.PORTFOLIO and position.margin_mode == "isolated")
                found.append(position if own else replace(position, wallet="unified"))
        return [position for position in found if wallets is None or position.wallet in wallets]

    def get_ledger(
        self, since: datetime, until: datetime, *, wallets: Collection[str] | None = None
    ) -> list[LedgerEntry]:
        """Return the changes of spot and futures wallets in [since, until], oldest first; Gate.io keeps 180 days.

        Deposits and withdrawals come from the spot book, which alone explains the balance, with the id and transaction
        of their records. In a unified account all books tell of its one wallet. What moves between spot and earn or
        margin, which have no book of their own, has a leg in each; what they earn or pay inside is not told.
        """
        since, classic = self._kept(since), self._classic()
        legs = NO_BOOK if classic else NO_BOOK & {"earn"}
        wanted = None if wallets is None else set(wallets)
        if wanted is not None and "unified" in wanted and not classic:
            wanted |= {"spot", *(product.wallet for product in api.PRODUCTS)}
        found: dict[str, LedgerEntry] = {}
        if wanted is None or wanted & {"spot", *legs}:
            history.collect(found, history.book_pages(self, api.SPOT_BOOK, since, until), legs)
        for product in api.PRODUCTS:
            if wanted is None or product.wallet in wanted:
                pages = history.book_pages(self, product.book, since, until, paged=not product.dated)
                history.collect(found, pages)
        entries = [entry for entry in found.values() if since <= entry.booked_at <= until and entry.amount]
        entries.sort(key=lambda entry: entry.booked_at)
        entries = history.explained(self, entries, self._kept(since - flows.RECORD_REACH), until)
        if not classic:
            entries = [entry if entry.wallet in legs else replace(entry, wallet="unified") for entry in entries]
        return [entry for entry in entries if wallets is None or entry.wallet in wallets]

    def get_closed_positions(self, since: datetime, until: datetime) -> list[ClosedPosition]:
        """Return perpetual positions closed in [since, until], oldest first; times are whole seconds."""
        since, found = self._kept(since), dict[str, ClosedPosition]()
        for product in api.PRODUCTS:
            if product.closed is None:
                continue
            for start, end in history.spans(since, until):
                asked: Mapping[str, Any] | None = {"from": start, "to": end, "limit": 100, "offset": 0}
                while asked is not None:
                    page = self._with_contracts(product, product.closed, asked)
                    told = {item.id: item for item in page.closed_positions or ()}
                    asked = page.next if told.keys() - found.keys() else None  # a page of repeats ends the list
                    found |= told
        kept = (item for item in found.values() if since.replace(microsecond=0) <= item.closed_at <= until)
        return sorted(kept, key=lambda item: item.closed_at)

    def get_prices(self) -> list[Price]:
        """Return last spot prices of all pairs."""
        now, prices = self.now(), self.call(api.TICKERS).prices or {}
        pairs = ((name.partition("_"), value) for name, value in prices.items())
        return [Price(base, quote, value, self.info.id, now) for (base, _, quote), value in pairs if base and quote]

    def sign(self, call: Call) -> requests.PreparedRequest:
        """Sign the query as it reads and send it percent-encoded."""
        plain, encoded = signing.query_texts(call.params)
        body = signing.body_text(call.body)
        headers = signing.signed_headers(self.credentials, call, plain, body)
        url = call.url + (f"?{encoded}" if encoded else "")
        return build_request(call.method, url, headers, body=body.encode() or None)

    def check(self, answer: Answer) -> None:
        """Raise what the answer's label stands for."""
        failures.check(self, answer)

    def _examine(self, answer: Answer) -> None:
        """Let pass the refusal that means an empty wallet, whatever its status."""
        if not failures.never_opened(answer):
            super()._examine(answer)

    # mode and metadata

    def _ask_mode(self) -> str:
        mode = str(self.call(api.MODE).extra["venue_mode"])
        self._mode = (time.monotonic(), mode)
        return mode

    def _known_mode(self) -> str:
        """Return the account's mode, asked again after an hour and with every account reading."""
        fresh = self._mode is not None and time.monotonic() < self._mode[0] + MODE_SECONDS
        return self._mode[1] if fresh and self._mode is not None else self._ask_mode()

    def _classic(self) -> bool:
        return self._known_mode() == public.CLASSIC

    def _kept(self, since: datetime) -> datetime:
        """Return `since`, or the oldest instant that the exchange still answers for."""
        return max(since, self.now() - KEPT)

    def _positions(self, product: api.Product) -> list[Position]:
        """Return the open positions of one product; dated ones are listed without pages."""
        paging = {} if product.dated else {"limit": POSITIONS_PAGE, "offset": 0}
        asked: Mapping[str, Any] | None = {"holding": "true", **paging}
        found: list[Position] = []
        seen: set[tuple[object, ...]] = set()
        while asked is not None:
            page = self._with_contracts(product, product.positions, asked)
            new = [item for item in page.positions or () if positions.mark_of(item) not in seen]
            asked = page.next if new else None  # a page of repeats ends the list
            seen |= {positions.mark_of(item) for item in new}
            found += new
        return found

    def _with_contracts(self, product: api.Product, endpoint: Endpoint, params: Mapping[str, Any]) -> Reading:
        """Ask for positions and read them with the metadata of their contracts, which is kept for an hour."""
        answer = self.fetch(endpoint, params)
        names = self._names(answer)
        if not names:
            return self.parse(answer)
        asked_at, known = self._contracts.get(product.wallet, (0.0, {}))
        if not names <= known.keys() or time.monotonic() > asked_at + CONTRACT_SECONDS:
            listed: dict[str, Any] = {}
            for page in self.pages(product.contracts, {"limit": 1000, "offset": 0}):
                listed |= page.extra["contracts"]
            known = {name: _metadata(listed[name]) for name in (names | known.keys()) & listed.keys()}
            self._contracts[product.wallet] = (time.monotonic(), known)
        return self.parse(replace(answer, context={"contracts": known}))

    def _names(self, answer: Answer) -> set[str]:
        """Return the contracts that an answer names; none where it is malformed, which parsing will tell."""
        try:
            return positions.contract_names(answer)
        except (KeyError, ValueError):
            return set()

    # wallets

    def _classic_plan(self) -> list[WalletRead]:
        plan = [self._cash("spot", api.SPOT)]
        plan += [self._cash(product.wallet, product.account) for product in api.PRODUCTS]
        plan += [
            self._cash("options", api.OPTIONS),
            self._cash("margin_isolated", api.MARGIN_ISOLATED),
            WalletRead("margin_cross", "rest", self._margin_cross),
        ]
        return [*plan, WalletRead("earn", "rest", lambda: self._wallet("earn", self._earn({})))]

    def _unified_plan(self, *, isolated_inside: bool) -> list[WalletRead]:
        """Read the unified wallet and what lies beside it; its answer also tells which earn money it holds already."""
        answers: list[Reading] = []

        def account() -> Reading:
            if not answers:
                answers.append(self._unified_reading())
            return answers[0]

        def earn() -> WalletAccount:
            return self._wallet("earn", self._earn(account().extra["earn_inside"]))

        def unified() -> WalletAccount:
            return self._unified_wallet(account(), isolated_inside=isolated_inside)

        return [WalletRead("unified", "rest", unified), WalletRead("earn", "rest", earn)]

    def _portfolio_plan(self) -> list[WalletRead]:
        """Read a portfolio account: its unified figures hold cross money only, isolated margin lies in the futures."""
        products = [product for product in api.PRODUCTS if not product.dated]
        isolated = [WalletRead(item.wallet, "rest", self._isolated_reader(item)) for item in products]
        return [*self._unified_plan(isolated_inside=False), *isolated]

    def _unified_reading(self) -> Reading:
        reading = self.call(api.UNIFIED)
        if "account" not in reading.extra:  # just now no unified account any more
            self._mode = None
            raise WrongAccountModeError(failures.NEVER_OPENED, api.UNIFIED.path, exchange=self.info.id)
        self._uid = reading.extra["uid"]
        return reading

    def _unified_wallet(self, reading: Reading, *, isolated_inside: bool) -> WalletAccount:
        found, sums = list(reading.balances or ()), reading.extra["account"]
        if isolated_inside:
            margins = [row["isolated_margin"] for row in reading.details["balances"]]
            found = [balances.with_isolated(row, margin) for row, margin in zip(found, margins, strict=True)]
        return replace(
            self._wallet("unified", found),
            currency="USD",
            equity=sums["equity_usd"],
            initial_margin=sums["initial_margin_usd"],
            maintenance_margin=sums["maintenance_margin_usd"],
        )

    def _isolated_reader(self, product: api.Product) -> Callable[[], WalletAccount]:
        def read() -> WalletAccount:
            margin = self.call(product.account).extra.get("isolated_margin")
            if not margin:
                return self._wallet(product.wallet, ())
            held = [item for item in self._positions(product) if item.margin_mode == "isolated"]
            return self._wallet(product.wallet, [balances.isolated(product.wallet, margin, held, self.now())])

        return read

    def _cash(self, wallet: str, endpoint: Endpoint) -> WalletRead:
        def read() -> WalletAccount:
            return self._wallet(wallet, merge_balances(self.call(endpoint).balances or ()))

        return WalletRead(wallet, "rest", read)

    def _margin_cross(self) -> WalletAccount:
        """Read the older cross margin wallet; where the exchange has it no more, nothing can lie in it."""
        try:
            found = self.call(api.MARGIN_CROSS).balances or ()
        except BadRequestError as e:
            if e.venue_code != failures.GONE:
                raise
            found = ()
        return self._wallet("margin_cross", found)

    def _earn(self, inside: Mapping[str, Any]) -> list[Balance]:
        """Return earn holdings but for the part that a unified account counts as its own margin."""
        pages = self.pages(api.EARN, {"page": 1, "limit": 100})
        rows = merge_balances(row for page in pages for row in page.balances or ())
        rest = (balances.without(row, inside[row.asset]) if row.asset in inside else row for row in rows)
        return [row for row in rest if row.total]

    def _wallet(self, wallet: str, found: Collection[Balance]) -> WalletAccount:
        return WalletAccount(wallet, self.info.wallets[wallet], ok=True, balances=tuple(found), as_of=self.now())


def _metadata(contract: Mapping[str, Any]) -> dict[str, str]:
    return {"quanto_multiplier": str(contract["multiplier"]), "type": "inverse" if contract["inverse"] else "direct"}
