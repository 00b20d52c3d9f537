"""Finds a Chromium for the browser tests, and installs one when there is none: `python -m tests.browser`."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
VARIABLE = "CHROMIUM"


def find_browser() -> str | None:
    """Return the path of a Chromium: named by the environment, on the path, or brought by Playwright."""
    named = os.environ.get(VARIABLE)
    found = named or next((path for name in NAMES if (path := shutil.which(name))), None)
    return found or _of_playwright()


def install_browser() -> None:
    """Install Chromium from the system's packages, else Playwright's own."""
    apt = shutil.which("apt-get")
    if apt is not None and os.geteuid() == 0:
        environ = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        for step in (["update", "-q"], ["install", "-q", "-y", "--no-install-recommends", "chromium"]):
            subprocess.run([apt, *step], env=environ, stdin=subprocess.DEVNULL, check=False)
    if find_browser() is None:
        subprocess.run([sys.executable, "-m", "playwright", "install", "--with-deps", "chromium"], check=False)


def main() -> int:
    """Make sure that there is a browser; return 1 when none could be had."""
    if find_browser() is None:
        install_browser()
    path = find_browser()
    sys.stdout.write(f"browser: {path or 'none found and none could be installed'}\n")
    return 0 if path else 1


def _of_playwright() -> str | None:
    folder = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH", Path.home() / ".cache" / "ms-playwright"))
    return next((str(path) for path in sorted(folder.glob("chromium-*/chrome-linux*/chrome"))), None)


if __name__ == "__main__":
    raise SystemExit(main())
