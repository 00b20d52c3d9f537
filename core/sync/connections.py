"""Connectors of exchange accounts: one per account, made anew when its sealed credential is another one."""

import threading
from collections.abc import Collection
from uuid import UUID

from core.domain.types import ExchangeAccount, SealedCredential
from core.sync.ports import Connector, MakeConnector, Opener


class Connections:
    """Keeps the connector of each account, with its clock offset and connection, as long as the stored tokens stay."""

    def __init__(self, opener: Opener, make_connector: MakeConnector) -> None:
        """Start without any; nothing is opened yet."""
        self._opener = opener
        self._make_connector = make_connector
        self._held: dict[UUID, tuple[SealedCredential, Connector]] = {}
        self._lock = threading.Lock()

    def connect(self, account: ExchangeAccount, sealed: SealedCredential) -> Connector:
        """Return the account's connector; the credential must open in this very row.

        Raises:
            DamagedCredentialError: it does not; no request may be sent.
            CredentialError: a field cannot be what the exchange issues.
        """
        with self._lock:
            held = self._held.get(account.id)
        if held is not None and held[0] == sealed and sealed.client_id == account.user_id:
            return held[1]
        fields = self._opener.open(sealed, client_id=account.user_id, account_id=account.id, exchange=account.exchange)
        connector = self._make_connector(account, fields)
        with self._lock:
            self._held[account.id] = (sealed, connector)
        return connector

    def keep_only(self, account_ids: Collection[UUID]) -> None:
        """Forget the connectors, and with them the secrets, of all other accounts."""
        with self._lock:
            for account_id in self._held.keys() - set(account_ids):
                del self._held[account_id]
