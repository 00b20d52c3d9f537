"""OKX trading account: configuration, balance, positions."""

from decimal import Decimal

from connectors.sandbox.dialect import Call, Endpoint
from connectors.sandbox.keys import SandboxKey
from connectors.sandbox.model import ZERO, Book, OpenPosition, to_ms
from connectors.sandbox.okx.accounts import level, margin_mode
from connectors.sandbox.okx.books import Margins, books
from connectors.sandbox.okx.common import Row, in_contracts, matching, merged, refused, swap
from connectors.sandbox.wire import amount, text

WITH_PROFIT = ("3", "4")


def rights(key: SandboxKey) -> str:
    """Return the words of what a key may do; moving funds goes with trading."""
    may = key.permissions
    words = [(may.read, "read_only"), (may.withdraw, "withdraw"), (may.trade or may.transfer, "trade")]
    return ",".join(word for allowed, word in words if allowed)


def config(call: Call) -> object:
    """GET /api/v5/account/config."""
    key = call.key
    if key is None:
        raise LookupError("public endpoint")
    return [
        {
            "uid": call.uid,
            "mainUid": call.uid,
            "acctLv": level(call.account),
            "posMode": "long_short_mode" if call.account.hedged else "net_mode",
            "autoLoan": False,
            "greeksType": "PA",
            "level": "Lv1",
            "levelTmp": "",
            "ctIsoMode": "automatic",
            "mgnIsoMode": "automatic",
            "label": key.name,
            "roleType": "0",
            "opAuth": "0",
            "kycLv": "2",
            "type": "0",
            "perm": rights(key),
            "ip": ",".join(ip for ip in key.allowed_ips if "." in ip),
        }
    ]


def balance(call: Call) -> object:
    """GET /api/v5/account/balance: coins that are not zero, and their sum in USD."""
    book, asked = call.book(), call.params.get("ccy", "").split(",")
    cash, margins = merged(call, book.wallets), Margins()
    if margin_mode(call.account) == "isolated":
        margins = books(call).margins
    coins = sorted({*cash, *(position.settle for position in book.positions)})
    details = [_coin(call, book, coin, cash.get(coin, ZERO), margins) for coin in coins]
    worth = sum((Decimal(str(row["eqUsd"])) for row in details), ZERO)
    profit = sum((position.unrealized * _price(call, position.settle) for position in book.positions), ZERO)
    whole = level(call.account) in WITH_PROFIT
    initial = sum((position.initial_margin * _price(call, position.settle) for position in book.positions), ZERO)
    least = sum((position.maintenance_margin * _price(call, position.settle) for position in book.positions), ZERO)
    return [
        {
            "uTime": str(call.site.now_ms()),
            "totalEq": amount(worth),
            "isoEq": "0",
            "adjEq": amount(worth) if whole else "",
            "upl": amount(profit) if whole else "",
            "imr": amount(initial) if whole else "",
            "mmr": amount(least) if whole else "",
            "ordFroz": "",
            "mgnRatio": amount(worth / least) if whole and least else "",
            "notionalUsd": "",
            "borrowFroz": "",
            "details": [row for row in details if asked == [""] or row["ccy"] in asked],
        }
    ]


def _price(call: Call, asset: str) -> Decimal:
    return call.world.price(asset, call.at) or ZERO


def _coin(call: Call, book: Book, coin: str, cash: Decimal, margins: Margins) -> Row:
    mine = [position for position in book.positions if position.settle == coin]
    profit = sum((position.unrealized for position in mine), ZERO)
    equity = cash + profit
    apart = margins.total() if coin == "USDT" else ZERO
    isolated = margin_mode(call.account) == "isolated"
    orders = book.locked.get(coin, ZERO)
    used = apart + profit if isolated else sum((position.initial_margin for position in mine), ZERO)
    zeros = dict.fromkeys(("liab", "crossLiab", "isoLiab", "interest", "uplLiab", "twap", "stgyEq", "borrowFroz"), "0")
    return {
        **zeros,
        "ccy": coin,
        "eq": text(equity),
        "cashBal": text(cash - apart),
        "upl": text(profit),
        "isoEq": text(apart + profit if isolated else ZERO),
        "isoUpl": text(profit if isolated else ZERO),
        "availBal": text(equity - orders - used),
        "availEq": text(equity - orders - used),
        "frozenBal": text(orders + used),
        "ordFrozen": text(orders),
        "eqUsd": amount(equity * _price(call, coin)),
        "disEq": amount(equity * _price(call, coin)),
        "uTime": str(call.site.now_ms()),
    }


def positions(call: Call) -> object:
    """GET /api/v5/account/positions."""
    if call.params.get("instType", "SWAP") not in ("SWAP", "FUTURES", "MARGIN", "OPTION"):
        raise refused("51000", "Parameter instType error")
    margins = books(call).margins
    rows = [_position(call, position, margins) for position in call.book().positions]
    return matching(call, rows, "instType", "instId", "posId")


def position_id(call: Call, base: str, settle: str, side: str) -> str:
    """Return the id that a contract and side keep for ever."""
    letters = f"{base}{settle}{side if call.account.hedged else ''}"
    return call.uid[-6:] + "".join(str(ord(letter) % 10) for letter in letters)


def _position(call: Call, position: OpenPosition, margins: Margins) -> Row:
    held, isolated = position.held, margin_mode(call.account) == "isolated"
    contracts = in_contracts(position.base, held.size, inverse=position.inverse)
    hedged = call.account.hedged
    margin = margins.held.get((position.base, position.side.value), (ZERO, ZERO))[1]
    empty = dict.fromkeys(("posCcy", "liab", "liabCcy", "optVal", "nonSettleAvgPx", "spotInUseAmt", "settledPnl"), "")
    return {
        **empty,
        "instType": "SWAP",
        "instId": swap(position.base, inverse=position.inverse),
        "mgnMode": margin_mode(call.account),
        "posId": position_id(call, position.base, position.settle, position.side.value),
        "posSide": position.side.value if hedged else "net",
        "pos": text(contracts if hedged or held.sign > 0 else -contracts),
        "availPos": text(contracts) if hedged else "",
        "ccy": position.settle,
        "avgPx": text(position.entry),
        "markPx": text(position.mark),
        "last": text(position.mark),
        "idxPx": text(position.mark),
        "upl": text(position.unrealized),
        "uplRatio": "0",
        "lever": str(position.leverage),
        "liqPx": "" if position.liquidation is None else text(position.liquidation),
        "imr": "" if isolated else text(position.initial_margin),
        "margin": text(margin) if isolated else "",
        "mmr": text(position.maintenance_margin),
        "mgnRatio": "20",
        "notionalUsd": amount(position.notional * _price(call, position.settle)),
        "pnl": text(held.gross),
        "fee": text(held.open_fee + held.close_fee),
        "fundingFee": text(held.funding),
        "liqPenalty": "0",
        "realizedPnl": text(held.gross + held.open_fee + held.close_fee + held.funding),
        "adl": "1",
        "usdPx": "1",
        "tradeId": "1",
        "cTime": str(to_ms(held.opened_at)),
        "uTime": str(to_ms(held.updated_at)),
    }


ENDPOINTS = {
    ("GET", "/api/v5/account/config"): Endpoint(config, 5, scope="2"),
    ("GET", "/api/v5/account/balance"): Endpoint(balance, 10, scope="2"),
    ("GET", "/api/v5/account/positions"): Endpoint(positions, 10, scope="2"),
}
