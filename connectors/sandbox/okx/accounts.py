"""The accounts at the sandbox's OKX: spot and contracts in one trading account, each with its account level."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from connectors.sandbox.accounts import AccountSpec, Amounts, standard_accounts, unified_account

FIRST_UID = 620_417_300_111
PORTFOLIO_UID = "620417300190"
COIN = "LTC"
LEVELS = {"rich": "3", "one_way": "2", "portfolio": "4"}
ISOLATED = frozenset({"one_way"})


def okx_accounts() -> list[AccountSpec]:
    """Return the standard accounts and `portfolio`, their money for spot and linear contracts in `trading`."""
    others = replace(unified_account("okx", PORTFOLIO_UID, COIN), name="portfolio", mode="portfolio_margin")
    return [_in_one(spec) for spec in (*standard_accounts("okx", FIRST_UID, COIN), others)]


def level(spec: AccountSpec) -> str:
    """Return the account level: 1 spot, 2 futures, 3 multi-currency, 4 portfolio margin."""
    return LEVELS.get(spec.name, "1")


def margin_mode(spec: AccountSpec) -> str:
    """Return how the account's contracts are margined."""
    return "isolated" if spec.name in ISOLATED else "cross"


def _in_one(spec: AccountSpec) -> AccountSpec:
    mode = "unified" if spec.mode == "classic" else spec.mode
    return replace(spec, opening=_opening(spec.opening), mode=mode, spot="trading", linear="trading")


def _opening(given: Amounts) -> Mapping[str, Mapping[str, Decimal]]:
    trading: dict[str, Decimal] = {}
    for wallet in ("spot", "futures_linear", "unified"):
        for asset, amount in given.get(wallet, {}).items():
            trading[asset] = trading.get(asset, Decimal(0)) + amount
    rest = {wallet: given.get(wallet, {}) for wallet in ("futures_inverse", "funding", "earn")}
    return {"trading": trading, **{wallet: amounts for wallet, amounts in rest.items() if amounts}}
