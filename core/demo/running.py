"""`make demo`: sandbox, web and sync together on a fresh database of their own."""

import json
import os
import shutil
import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from connectors.sandbox import Sandbox, SandboxConfig
from core import bootstrap
from core.config import HOSTS_VARIABLE, Settings, load_settings
from core.demo import history
from core.demo.loading import refuse_real_accounts
from core.log import configure_logging
from core.supervisor import make_children, supervise

SEED = 7
FOLDER = "demo"


def run(settings: Settings) -> int:
    """Run the demo world until Ctrl-C; its data folder lies inside the usual one and starts empty each time.

    Raises:
        ConflictError: the demo folder's database holds real accounts.
    """
    opened_on = (bootstrap.utc_now() - history.HISTORY - timedelta(days=1)).date()
    with Sandbox(SandboxConfig(seed=SEED, opened_on=opened_on, enforce_limits=False)) as sandbox:
        environ = _environ(os.environ, settings.data_dir / FOLDER, sandbox.hosts())
        demo = load_settings(environ)
        _start_empty(demo)
        configure_logging(demo.log_level, json=demo.log_json)
        load = ("demo", "load", "--welcome", "--seed", str(SEED), "--opened-on", opened_on.isoformat())
        return supervise(make_children(demo, environ), announce=load, environ=environ)


def _environ(environ: Mapping[str, str], folder: Path, hosts: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Return the environment of the demo's processes: nothing of the installation's own database and keys."""
    kept = {name: value for name, value in environ.items() if not name.startswith(("GA_VAULT", "GA_APP_KEY"))}
    changed = {"GA_DATA_DIR": str(folder), "GA_DEMO": "true", HOSTS_VARIABLE: json.dumps(hosts)}
    kept.pop("GA_DATABASE_URL", None)
    return {**kept, **changed}


def _start_empty(demo: Settings) -> None:
    with bootstrap.using_storage(demo) as storage:
        if storage.schema_is_current():
            refuse_real_accounts(storage)
    if demo.data_dir.exists():
        shutil.rmtree(demo.data_dir)
    bootstrap.initialise(demo)
    sys.stdout.write(f"Demo world in {demo.data_dir}: figures are made up, no exchange is called.\n")
