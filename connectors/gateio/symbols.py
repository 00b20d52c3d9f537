"""Gate.io's names of contracts in the platform's form."""

import re

CONTRACT = re.compile(r"([A-Z0-9]+)_(USDT|USD)(?:_\d{2}(\d{6}))?")


def contract_symbol(name: str, settle: str) -> str | None:
    """Return the unified symbol of a contract such as BTC_USDT, BTC_USD or BTC_USDT_20260327; None if it is none."""
    found = CONTRACT.fullmatch(name)
    if found is None:
        return None
    base, quote, expiry = found.groups()
    return f"{base}/{quote}:{settle}" + (f"-{expiry}" if expiry else "")


def settle_of(path: str) -> str:
    """Return the settlement coin that a path such as /api/v4/futures/usdt/accounts names."""
    return path.split("/")[4].upper()


def wallet_of(path: str) -> str:
    """Return the wallet whose reads have a path such as /api/v4/futures/usdt/accounts."""
    return f"{path.split('/')[3]}_{'inverse' if settle_of(path) == 'BTC' else 'linear'}"
