"""What somebody could make up to reach another client's data: addresses of pages and of files, places in the ledger."""

import random
from collections.abc import Mapping, Sequence
from uuid import UUID, uuid4
from zlib import crc32

from core import bootstrap
from core.ports import LedgerPlace
from core.services.ledger_types import LedgerQuestion, write_place
from tests.tenancy.canaries import Canary
from tests.tenancy.wire import Ask

DATASETS = (
    "balances", "positions", "equity", "pnl", "daily", "attribution", "pnl_rows", "ledger", "positions_risk",
)  # fmt: skip


def queries(own: Canary, client_id: UUID, account_id: UUID, text: str = "") -> list[str]:
    """Return addresses that name another client's id or account wherever a page takes one, or their words."""
    place = f"{ledger_place(account_id)}.{_mark(LedgerQuestion(own.user.id, 'all'))}"
    asked = [
        f"account={account_id}",
        f"view={account_id}&account={account_id}&period=90",
        f"client={client_id}&account=all&period=7d",
        f"client={client_id}&account={account_id}&bar=flows&by=account",
        f"account={account_id}&show=transfers&period=all",
        f"account=all&before={place}",
        f"account=all&after={place}",
        f"account=all&bar={account_id}&by={account_id}&period=custom&from=2020-01-01&to=2030-01-01",
        f"account={account_id}%00&client={client_id}%27%20OR%201=1--",
    ]
    return asked + ([f"account=all&q={text}&asset={text}", f"q={text}&show=transfers&period=all"] if text else [])


def ledger_place(account_id: UUID) -> str:
    """Return a place in the ledger beside an entry of that account."""
    return write_place(LedgerPlace(bootstrap.utc_now(), account_id, "spot", "out"))


def export_paths(client_id: UUID, account_id: UUID | str) -> list[str]:
    """Return the address of every file for these ids."""
    query = f"client={client_id}&view={account_id}&days=90&period=30d"
    return [f"/exports/{dataset}.csv?{query}" for dataset in DATASETS]


def random_ask(rng: random.Random, own: Canary, others: Sequence[Canary], pages: Mapping[str, str]) -> Ask:
    """Return a run of any page, half of them with something forged in the address."""
    page = rng.choice(sorted(pages.values()))
    if rng.random() < 0.5:
        return Ask(rng.choice(["account=all", "", "account=all&show=transfers", "account=all&period=7d"]), page)
    other = rng.choice(others)
    account = rng.choice(other.accounts) if other.accounts else None
    return Ask(rng.choice(queries(own, other.user.id, account.id if account else uuid4())), page)


def _mark(question: LedgerQuestion) -> str:
    """Return the mark with which the Ledger page signs a place for a question."""
    return f"{crc32(repr(question).encode()):08x}"
