"""People whose every name, amount, transaction id and note is a canary: a value that nobody else may ever receive."""

import random
import struct
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from string import ascii_uppercase

from core import bootstrap
from core.domain.points import DetailPoint, HeldAsset, WalletPoint
from core.domain.transfer_links import LegKey, LinkKind
from core.domain.types import ExchangeAccount, OpenPosition, Role, Scope, User
from core.ports import Storage
from core.services import transfer_words
from core.services.transfer_words import Word
from tests.core.persistence.makers import (
    make_account,
    make_balance,
    make_credential,
    make_ledger,
    make_point,
    make_position,
    make_reading,
    make_wallet,
)
from tests.e2e.installation import Installation

HOUR = timedelta(hours=1)
TAG_LETTERS = 9
EXCHANGES = ("binance", "bitget")
ENTRIES = 60  # more than a page of the ledger


@dataclass(frozen=True, slots=True)
class Canary:
    """One person and what only they (and administrators) may see. `tag` is part of every text of theirs."""

    user: User
    tag: str
    held: int  # twelve digits: what the accounts are worth
    moved: int  # twelve digits: what was paid in
    accounts: tuple[ExchangeAccount, ...] = ()

    @property
    def forms(self) -> dict[str, tuple[bytes, ...]]:
        """The bytes to look for, by what they are: text, digits in every dialect, numbers inside tables, ids."""
        ids = [str(account.id) for account in self.accounts] + [str(self.user.id)]
        return {
            "name": (self.tag.encode(), self.tag.lower().encode()),
            "held": _digits(self.held),
            "moved": _digits(self.moved),
            "id": tuple(text.encode() for one in ids for text in (one, one.replace("-", ""))),
        }


def count_foreign(pieces: Iterable[bytes], others: Collection[Canary], asked: str = "") -> list[str]:
    """Return what was found of others, one line per find; an id that the request itself named is no find."""
    forms = [
        (form, f"{kind} of {other.user.login}")
        for other in others
        for kind, forms in other.forms.items()
        for form in forms
        if form not in asked.encode()
    ]
    return [label for piece in pieces for form, label in forms if form in piece]


def kinds_seen(pieces: Iterable[bytes], canary: Canary) -> set[str]:
    """Return which kinds of a person's values occur."""
    body = b"\0".join(pieces)
    return {kind for kind, forms in canary.forms.items() if any(form in body for form in forms)}


def add_canary(installation: Installation, rng: random.Random, role: Role = Role.CLIENT) -> Canary:
    """Store a person of this role; a client gets two paused accounts full of their own values."""
    tag = "".join(rng.choices(ascii_uppercase, k=TAG_LETTERS))
    user = installation.add_person(f"p{tag.lower()}", role=role, name=f"Name {tag}")
    canary = Canary(user, tag, rng.randrange(10**11, 10**12), rng.randrange(10**11, 10**12))
    return furnish(installation.storage, canary) if role is Role.CLIENT else canary


def furnish(storage: Storage, canary: Canary) -> Canary:
    """Give a client accounts, history, ledger, balances, positions and a word on a transfer, all of them canaries."""
    accounts = [
        make_account(
            canary.user, exchange=exchange, name=f"{exchange} {canary.tag}", hint=canary.tag[-4:], is_active=False,
            is_main=number == 0, options={},
        )
        for number, exchange in enumerate(EXCHANGES)
    ]  # fmt: skip
    for account in accounts:
        _fill(storage, canary, account)
    sent = LegKey(accounts[0].id, "spot", f"out-{canary.tag}-{accounts[0].exchange}")
    scope = Scope(canary.user.id, canary.user.role, frozenset({canary.user.id}))
    word = Word(canary.user.id, LinkKind.EXTERNAL, out=sent)
    transfer_words.say(storage, scope, word, now=bootstrap.utc_now())
    return Canary(canary.user, canary.tag, canary.held, canary.moved, tuple(accounts))


def _fill(storage: Storage, canary: Canary, account: ExchangeAccount) -> None:
    now, tag = bootstrap.utc_now(), canary.tag
    texts = {"txid": f"tx-{tag}", "ref": f"note {tag}", "symbol": f"{tag}/USDT"}
    rows = [
        make_ledger(
            account, f"in-{tag}-{account.exchange}-{n}", amount=Decimal(canary.moved), booked_at=now - n * HOUR / 6,
            asset=tag, price=Decimal(1), **texts,
        )
        for n in range(1, ENTRIES)
    ]  # fmt: skip
    rows.append(
        make_ledger(
            account, f"out-{tag}-{account.exchange}", kind="withdrawal", amount=-Decimal(canary.moved), asset="USDT",
            booked_at=now - HOUR / 12, price=Decimal(1), **texts,
        )
    )  # fmt: skip
    instants = [now - n * HOUR / 2 for n in range(96, 0, -1)]
    held = HeldAsset(tag, Decimal(canary.held), Decimal(1))
    start = make_wallet(account, first_ok_at=instants[0], first_equity=float(canary.held), unpriced=())
    position: OpenPosition = make_position(account, f"{tag}/USDT:USDT", size_base=Decimal(canary.held), as_of=now)
    balance = make_balance(
        account, tag, free=Decimal(canary.held), total=Decimal(canary.held), price=Decimal(1), value=float(canary.held),
        as_of=now,
    )  # fmt: skip
    wallet = make_wallet(account, attempted_at=now, as_of=now, equity=float(canary.held), unpriced=(f"U{tag}",))
    reading = make_reading(
        account, now, float(canary.held), wallets=(wallet,), balances=(balance,), positions=(position,)
    )  # fmt: skip
    with storage.begin() as uow:
        uow.accounts.add(account, make_credential(account), f"index-{account.id}")
        uow.readings.store(reading)
        points = [make_point(account.id, account.user_id, at, float(canary.held)) for at in instants]
        uow.readings.add_history(points, rows, [start])
        uow.history.add(account, [DetailPoint(at, (WalletPoint("spot", True, (held,)),)) for at in instants])


def _digits(number: int) -> tuple[bytes, ...]:
    plain, english = str(number), f"{number:,}"
    return (plain.encode(), english.encode(), english.replace(",", ".").encode(), struct.pack("<d", float(number)))
