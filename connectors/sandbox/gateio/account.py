"""Gate.io account reads: the keys, the mode, and the wallets but for futures."""

from decimal import Decimal

from connectors.sandbox.dialect import Call, Endpoint
from connectors.sandbox.gateio.common import PREFIX, Row, by_page, is_classic, never_opened, refused
from connectors.sandbox.keys import SandboxKey
from connectors.sandbox.model import ZERO, Book, to_ms
from connectors.sandbox.wire import amount, text

UNIFIED = "unified"
SHOWN = 12
GROUPS = ("account", "wallet", "spot", "futures", "delivery", "options", "margin", "earn", "unified")
TRADED = frozenset({"spot", "futures", "delivery", "options", "margin", "unified"})
TYPES = ("spot", "finance", "margin", "cross_margin", "quant", "futures", "delivery", "options", "payment", "meme_box")
WALLETS = {"spot": "spot", "unified": "spot", "earn": "finance", "futures_linear": "futures",
           "futures_inverse": "futures"}  # fmt: skip


def detail(call: Call) -> object:
    """GET /account/detail."""
    return {
        "user_id": int(call.uid),
        "ip_whitelist": _addresses(_key(call)),
        "currency_pairs": [],
        "key": {"mode": 1 if is_classic(call) else 2},
        "tier": 1,
        "copy_trading_role": 0,
    }


def _key(call: Call) -> SandboxKey:
    if call.key is None:
        raise LookupError("public endpoint")
    return call.key


def _addresses(key: SandboxKey) -> list[str]:
    return [address for address in key.allowed_ips if "." in address]


def main_keys(call: Call) -> object:
    """GET /account/main_keys: every key of the account, with most of its text masked."""
    return [_key_row(key) for key in call.site.keys.all() if key.uid == call.uid]


def _key_row(key: SandboxKey) -> Row:
    may, created = key.permissions, to_ms(key.created_at) // 1000
    writes = (TRADED if may.trade else frozenset()) | ({"wallet"} if may.transfer or may.withdraw else set())
    return {
        "state": 2 if key.revoked else 1,
        "mode": 1,
        "name": key.name,
        "user_id": int(key.uid),
        "perms": [{"name": name, "read_only": name not in writes} for name in GROUPS] if may.read else [],
        "ip_whitelist": _addresses(key),
        "currency_pairs": [],
        "key": key.api_key[:SHOWN] + "*****",
        "created_at": created,
        "update_at": created,
        "last_access": created,
    }


def mode(call: Call) -> object:
    """GET /unified/unified_mode."""
    return {"mode": call.account.mode, "settings": {} if is_classic(call) else {"spot_hedge": False}}


def spot_accounts(call: Call) -> object:
    """GET /spot/accounts; a unified account shows its money here too."""
    book, asked = call.book(), call.params.get("currency", "").upper()
    rows = [
        {
            "currency": asset,
            "available": text(total - book.locked.get(asset, ZERO)),
            "locked": text(book.locked.get(asset, ZERO)),
            "update_id": 7,
        }
        for asset, total in book.amounts(call.account.spot).items()
        if asked in ("", asset)
    ]
    return [*rows, {"currency": "POINT", "available": "12", "locked": "0", "update_id": 3}] if rows else []


def unified_accounts(call: Call) -> object:
    """GET /unified/accounts: by coin the cross money, and the sum in USD."""
    if is_classic(call):
        raise refused("USER_NOT_FOUND", "user not found")
    book = call.book()
    equity, _unpriced = call.world.equity(book)
    cash = sum((value * (call.world.price(coin, call.at) or ZERO) for coin, value in book.amounts(UNIFIED).items()),
               ZERO)  # fmt: skip
    margin = sum((position.initial_margin for position in book.positions), ZERO)
    return {
        "mode": call.account.mode,
        "user_id": int(call.uid),
        "refresh_time": call.site.now_ms(),
        "locked": False,
        "balances": _coins(book),
        "total": amount(cash),
        "borrowed": "0",
        "total_initial_margin": amount(margin),
        "total_maintenance_margin": amount(sum((item.maintenance_margin for item in book.positions), ZERO)),
        "total_available_margin": amount(max(equity[UNIFIED] - margin, ZERO)),
        "unified_account_total": amount(equity[UNIFIED]),
        "unified_account_total_liab": "0",
        "unified_account_total_equity": amount(equity[UNIFIED]),
        "spot_order_loss": "0",
        "spot_hedge": False,
        "use_funding": False,
        "is_all_collateral": True,
    }


def _coins(book: Book) -> Row:
    pnl = book.unrealized(UNIFIED)
    zeros = dict.fromkeys(
        ("borrowed", "negative_liab", "futures_pos_liab", "total_freeze", "total_liab", "spot_in_use", "funding"), "0"
    )
    return {
        coin: {
            "available": text(cash - book.locked.get(coin, ZERO)),
            "freeze": text(book.locked.get(coin, ZERO)),
            **zeros,
            "equity": text(cash + pnl.get(coin, ZERO)),
            "funding_version": "1",
            "cross_balance": text(cash),
            "iso_balance": "0",
            "margin_balance": "0",
        }
        for coin, cash in book.amounts(UNIFIED).items()
    }


def earn_lends(call: Call) -> object:
    """GET /earn/uni/lends, by page."""
    at = to_ms(call.world.opened_at)
    rows: list[Row] = [
        {
            "currency": coin,
            "current_amount": text(total),
            "amount": text(total),
            "lent_amount": "0",
            "frozen_amount": "0",
            "min_rate": "0.0001",
            "interest_status": "interest_dividend",
            "reinvest_left_amount": "0",
            "create_time": at,
            "update_time": at,
        }
        for coin, total in call.book().amounts("earn").items()
    ]
    return by_page(call, rows, most=100)


def total_balance(call: Call) -> object:
    """GET /wallet/total_balance in USDT, the unrealised P&L beside the amounts."""
    book = call.book()
    totals, open_pnl = dict.fromkeys(TYPES, ZERO), dict.fromkeys(TYPES, ZERO)
    for wallet in book.wallets:
        totals[WALLETS[wallet]] += _worth(call, book.amounts(wallet))
        open_pnl[WALLETS[wallet]] += _worth(call, book.unrealized(wallet))
    return {
        "details": {
            name: {"amount": amount(value), "currency": "USDT", "unrealised_pnl": amount(open_pnl[name])}
            for name, value in totals.items()
        },
        "total": {
            "currency": "USDT",
            "amount": amount(sum(totals.values(), ZERO)),
            "unrealised_pnl": amount(sum(open_pnl.values(), ZERO)),
            "borrowed": "0",
        },
    }


def _worth(call: Call, amounts: dict[str, Decimal]) -> Decimal:
    return sum((value * (call.world.price(coin, call.at) or ZERO) for coin, value in amounts.items()), ZERO)


def options_accounts(call: Call) -> object:
    """GET /options/accounts: nobody has ever used options here."""
    raise never_opened("options")


def nothing(call: Call) -> object:
    """Isolated margin: nothing is held there."""
    return []


def cross_margin(call: Call) -> object:
    """GET /margin/cross/accounts: nothing is held there."""
    return {"user_id": int(call.uid), "locked": False, "balances": {}}


ENDPOINTS = {
    ("GET", PREFIX + path): Endpoint(handler, weight)
    for path, handler, weight in (
        ("/account/detail", detail, 150),
        ("/account/main_keys", main_keys, 150),
        ("/unified/unified_mode", mode, 150),
        ("/unified/accounts", unified_accounts, 150),
        ("/spot/accounts", spot_accounts, 200),
        ("/options/accounts", options_accounts, 200),
        ("/margin/accounts", nothing, 150),
        ("/margin/cross/accounts", cross_margin, 150),
        ("/earn/uni/lends", earn_lends, 150),
        ("/wallet/total_balance", total_balance, 80),
    )
}
