"""A small supervisor of web and sync: starts both, restarts what ends, stops both; web never gets the private key."""

import logging
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import FrameType

from core.config import PRIVATE_VARIABLES, Settings, load_settings
from core.errors import ConfigurationError
from core.log import configure_logging

EXIT_CONFIGURATION = 78
STOP_SECONDS = 20.0
FIRST_DELAY_SECONDS = 1.0
LONGEST_DELAY_SECONDS = 60.0
STEADY_SECONDS = 60.0
POLL_SECONDS = 0.1

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Child:
    """One supervised process, in a process group of its own. Times are monotonic seconds."""

    name: str
    argv: Sequence[str]
    environ: Mapping[str, str] = field(repr=False)
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    start_at: float = 0.0
    delay: float = FIRST_DELAY_SECONDS
    given_up: bool = False

    def start(self, now: float) -> None:
        """Start the process; it inherits the standard outputs and reads nothing."""
        self.process = subprocess.Popen(  # noqa: S603 - our own commands, no shell
            self.argv, env=dict(self.environ), stdin=subprocess.DEVNULL, start_new_session=True
        )
        self.started_at = now

    def watch(self, now: float) -> None:
        """Start the process when its time has come; plan the next start when it has ended, except after exit 78."""
        if self.given_up or now < self.start_at:
            return
        if self.process is None:
            self.start(now)
        elif (code := self.process.poll()) is not None:
            self.process = None
            if code == EXIT_CONFIGURATION:
                self.given_up = True
                log.error("%s ended with exit code 78 (configuration or keys) and is not started again", self.name)
                return
            self.delay = FIRST_DELAY_SECONDS if now - self.started_at >= STEADY_SECONDS else self.delay
            self.start_at = now + self.delay
            log.warning("%s ended with exit code %s and starts again in %.0f s", self.name, code, self.delay)
            self.delay = min(self.delay * 2, LONGEST_DELAY_SECONDS)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the whole process group, if it is still there."""
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, number)


class Supervisor:
    """Keeps its children running until it is told to stop."""

    def __init__(self, children: Sequence[Child]) -> None:
        self.children = children
        self.stopping = threading.Event()

    def run(self) -> int:
        """Watch the children until `stopping` is set or none is left to run; return the exit code."""
        try:
            while not self.stopping.wait(POLL_SECONDS):
                for child in self.children:
                    child.watch(time.monotonic())
                if all(child.given_up for child in self.children):
                    return EXIT_CONFIGURATION
        finally:
            self.stop()
        return 0

    def stop(self) -> None:
        """End every child: SIGTERM first, SIGKILL after 20 seconds."""
        for child in self.children:
            child.signal(signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        for child in self.children:
            if child.process is None:
                continue
            try:
                child.process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                log.warning("%s did not end within %.0f s and is killed", child.name, STOP_SECONDS)
                child.signal(signal.SIGKILL)
                child.process.wait()


def web_environ(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for the web process: everything but the variables that name private keys."""
    return {name: value for name, value in environ.items() if name not in PRIVATE_VARIABLES}


def make_children(settings: Settings, environ: Mapping[str, str]) -> list[Child]:
    """Return web and sync as they are started."""
    streamlit = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless", "true"]
    where = ["--server.port", str(settings.port), "--server.address", settings.address]
    return [
        Child("web", [*streamlit, *where], web_environ(environ)),
        Child("sync", [sys.executable, "sidecar.py"], environ),
    ]


def supervise(children: Sequence[Child], *, announce: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run the children until a signal comes; beside them run the command that tells the person where to go."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    supervisor = Supervisor(children)

    def stop(_number: int, _frame: FrameType | None) -> None:
        supervisor.stopping.set()

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    command = [sys.executable, "-m", "core", *announce]
    with subprocess.Popen(  # noqa: S603 - our own command, no shell
        command, env=web_environ(environ), stdin=subprocess.DEVNULL, start_new_session=True
    ) as herald:
        try:
            return supervisor.run()
        finally:
            herald.terminate()


def main() -> int:
    """Start web and sync with the settings of the environment."""
    try:
        settings = load_settings()
    except ConfigurationError as e:
        sys.stderr.write(f"{e}\n")
        return EXIT_CONFIGURATION
    configure_logging(settings.log_level, json=settings.log_json)
    return supervise(make_children(settings, os.environ), announce=("setup-link", "--welcome"), environ=os.environ)


if __name__ == "__main__":
    raise SystemExit(main())
