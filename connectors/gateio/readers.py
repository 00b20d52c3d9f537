"""Which parser reads which answer of Gate.io."""

from collections.abc import Mapping

from connectors._reading import Parser
from connectors.gateio import balances, flows, ledger, positions, public
from connectors.gateio import endpoints as api

_SINGLE = (
    (api.TIME, public.server_time),
    (api.TICKERS, public.spot_tickers),
    (api.DETAIL, public.account_detail),
    (api.MAIN_KEYS, public.main_keys),
    (api.MODE, public.account_mode),
    (api.SPOT, balances.spot_accounts),
    (api.SPOT_BOOK, ledger.spot_book),
    (api.UNIFIED, balances.unified_accounts),
    (api.OPTIONS, balances.options_account),
    (api.MARGIN_ISOLATED, balances.margin_isolated),
    (api.MARGIN_CROSS, balances.margin_cross),
    (api.EARN, balances.earn),
    (api.OVERVIEW, balances.overview),
    (api.DEPOSITS, flows.deposits),
    (api.WITHDRAWALS, flows.withdrawals),
    (api.SUB_TRANSFERS, flows.sub_transfers),
    (api.PUSHES, flows.pushes),
)
_OF_PRODUCTS = tuple(
    (endpoint, parser)
    for item in api.PRODUCTS
    for endpoint, parser in (
        (item.account, balances.futures_account),
        (item.positions, positions.open_positions),
        (item.book, ledger.futures_book),
        (item.contracts, public.contracts),
        (item.tickers, public.futures_tickers),
        (item.closed, positions.closed_positions),
    )
    if endpoint is not None
)
READERS: Mapping[tuple[str, str], Parser] = {
    (endpoint.method, endpoint.path): parser for endpoint, parser in (*_SINGLE, *_OF_PRODUCTS)
}
