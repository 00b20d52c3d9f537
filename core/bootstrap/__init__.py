"""Composition root: the one room that knows connectors, persistence and security together."""

from core.bootstrap.adapters import AuditChain, ConnectorLibrary, Passwords, SealingVault, Tokens, utc_now
from core.bootstrap.installation import (
    KeyState,
    create_keys,
    initialise,
    key_states,
    migrate_database,
    operator_scope,
)
from core.bootstrap.parts import (
    SyncParts,
    Web,
    build_sync,
    build_web,
    get_web,
    load_private_keys,
    open_storage,
    using_storage,
)

__all__ = [
    "AuditChain",
    "ConnectorLibrary",
    "KeyState",
    "Passwords",
    "SealingVault",
    "SyncParts",
    "Tokens",
    "Web",
    "build_sync",
    "build_web",
    "create_keys",
    "get_web",
    "initialise",
    "key_states",
    "load_private_keys",
    "migrate_database",
    "open_storage",
    "operator_scope",
    "using_storage",
    "utc_now",
]
