"""The other side of the wire: exchanges on loopback with a seeded, moving world, for demo, tests and load."""

from connectors.sandbox.accounts import AccountSpec
from connectors.sandbox.dialects import available, key
from connectors.sandbox.faults import Fault, FaultKind
from connectors.sandbox.keys import SandboxKey
from connectors.sandbox.server import Sandbox, SandboxConfig, run, serve_forever
from connectors.sandbox.world import World

__all__ = [
    "AccountSpec",
    "Fault",
    "FaultKind",
    "Sandbox",
    "SandboxConfig",
    "SandboxKey",
    "World",
    "available",
    "key",
    "run",
    "serve_forever",
]
