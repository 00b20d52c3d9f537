"""The web process as it is started in earnest: `streamlit run app.py`, asked over HTTP, websocket and a browser."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.sync_api import ConsoleMessage, sync_playwright
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.browser import find_browser

ROOT = Path(__file__).parent.parent
PASSWORD = "quatro palavras soltas azuis"
PAGE = {"accept": "text/html"}
START_SECONDS = 60.0


class Process:
    """A web process on a folder of its own; it can be stopped and started again."""

    def __init__(self, folder: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = int(free.getsockname()[1])
        port = str(self.port)
        own = {"GA_DATA_DIR": str(folder / "data"), "GA_PORT": port, "STREAMLIT_SERVER_PORT": port}
        self.environ = {**os.environ, **own}
        self.origin = f"http://127.0.0.1:{self.port}"
        self.log = folder / "web.log"

    def run_command(self, *arguments: str, stdin: str = "") -> str:
        command = [sys.executable, "-m", "core", *arguments]
        done = subprocess.run(
            command, cwd=ROOT, env=self.environ, input=stdin, capture_output=True, text=True, check=True
        )
        return done.stdout

    def launch(self, **more: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "streamlit", "run", "app.py"]
        with self.log.open("ab") as log:
            return subprocess.Popen(command, cwd=ROOT, env={**self.environ, **more}, stdout=log, stderr=log)

    @contextmanager
    def running(self) -> Iterator[None]:
        process = self.launch()
        try:
            deadline = time.monotonic() + START_SECONDS
            while not self.is_up():
                assert process.poll() is None, self.log.read_text()
                assert time.monotonic() < deadline, self.log.read_text()
                time.sleep(0.05)
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)

    def is_up(self) -> bool:
        try:
            return self.ask("GET", "/healthz")[0] == 200
        except OSError:
            return False

    def ask(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, body: str = ""
    ) -> tuple[int, dict[str, str], str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, body=body or None, headers=dict(headers or {}))
            response = connection.getresponse()
            named = {name.lower(): value for name, value in response.getheaders()}
            return response.status, named, response.read().decode("utf-8", "replace")
        finally:
            connection.close()

    def sign_in(self, login: str) -> str:
        form = {"origin": self.origin, "content-type": "application/x-www-form-urlencoded"}
        status, headers, text = self.ask("POST", "/login", form, urlencode({"login": login, "password": PASSWORD}))
        assert status == 303, text
        return headers["set-cookie"].partition(";")[0]

    def websocket_status(self, **headers: str) -> int:
        try:
            with connect(f"ws://127.0.0.1:{self.port}/_stcore/stream", additional_headers=headers, open_timeout=10):
                return 101
        except InvalidStatus as refused:
            return refused.response.status_code


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """A started process with one client, Ana."""
    process = Process(tmp_path_factory.mktemp("web"))
    process.run_command("init")
    process.run_command("users", "add", "--login", "ana", "--name", "Ana", "--password-stdin", stdin=f"{PASSWORD}\n")
    with process.running():
        yield process


@pytest.mark.parametrize("page", ["/", "/overview", "/accounts", "/add_account", "/clients", "/settings"])
def test_a_cold_deep_link_to_any_page_leads_to_the_sign_in_page(site: Process, page: str) -> None:
    status, headers, _ = site.ask("GET", page, PAGE)
    assert status == 303
    assert headers["location"].startswith("/login")
    assert "content-security-policy" in headers


def test_an_anonymous_visitor_reaches_nothing_of_streamlit(site: Process) -> None:
    assert site.ask("GET", "/media/x.png", PAGE)[0] == 401
    assert site.ask("GET", "/_stcore/host-config")[0] == 401
    assert site.ask("GET", "/_stcore/metrics")[0] == 404
    assert site.websocket_status(Origin=site.origin) == 403


def test_a_signed_in_websocket_is_accepted_from_our_own_pages_only(site: Process) -> None:
    cookie = site.sign_in("ana")
    assert site.websocket_status(Origin=site.origin, Cookie=cookie) == 101
    assert site.websocket_status(Origin="http://localhost:8501", Cookie=cookie) == 403
    assert site.websocket_status(Cookie=cookie) == 403


def test_signing_out_revokes_the_session_in_the_database(site: Process) -> None:
    cookie = site.sign_in("ana")
    assert site.ask("GET", "/", {**PAGE, "cookie": cookie})[0] == 200
    assert site.ask("GET", "/auth/logout", {**PAGE, "cookie": cookie})[0] == 303
    assert site.ask("GET", "/", {**PAGE, "cookie": cookie})[0] == 303
    assert site.websocket_status(Origin=site.origin, Cookie=cookie) == 403


def test_readiness_is_told_without_a_login(site: Process) -> None:
    status, _, text = site.ask("GET", "/readyz")
    assert (status, json.loads(text)) == (200, {"status": "degraded", "reasons": ["sync_silent"]})


def test_no_token_or_password_is_in_the_log(site: Process) -> None:
    token = site.sign_in("ana").partition("=")[2]
    site.ask("GET", "/setup?token=a-token-that-must-not-be-logged", PAGE)
    log = site.log.read_text()
    assert token not in log
    assert PASSWORD not in log
    assert "a-token-that-must-not-be-logged" not in log


def test_the_app_runs_in_a_browser_under_its_content_security_policy(site: Process) -> None:
    complaints: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        # Streamlit itself looks for its base path below a deep link first, which is not there: no complaint
        if message.type == "error" and "404 (Not Found)" not in message.text:
            complaints.append(message.text)

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser())
        page = browser.new_context(locale="pt-BR").new_page()
        page.on("console", listen)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{site.origin}/settings")
        page.get_by_label("Nome de acesso").fill("ana")
        page.get_by_label("Senha").fill(PASSWORD)
        page.get_by_role("button", name="Entrar").click()
        page.wait_for_url(re.compile(r"/settings$"))
        connected = "[data-test-script-state=notRunning][data-test-connection-state=CONNECTED]"
        page.wait_for_selector(f"[data-testid=stApp]{connected}", timeout=30_000)
        assert page.get_attribute("html", "lang") == "pt-BR"
        assert page.locator("[data-testid=stSidebar]").get_by_text("Ana").count() == 1
        browser.close()
    assert complaints == []


def test_a_session_survives_a_restart(tmp_path: Path) -> None:
    process = Process(tmp_path)
    process.run_command("init")
    process.run_command("users", "add", "--login", "ana", "--name", "Ana", "--password-stdin", stdin=f"{PASSWORD}\n")
    with process.running():
        cookie = process.sign_in("ana")
    with process.running():
        assert process.ask("GET", "/", {**PAGE, "cookie": cookie})[0] == 200


def spoil_nothing(process: Process) -> None:
    """Leave the folder empty."""


def make_installation(process: Process) -> None:
    """Make a good installation, so that only the settings are wrong."""
    process.run_command("init")


@pytest.mark.parametrize(
    ("prepare", "environ", "line"),
    [
        (spoil_nothing, {}, "python -m core init"),
        (make_installation, {"STREAMLIT_SERVER_PORT": "8499"}, "GA_PORT"),
        (make_installation, {"GA_PUBLIC_URL": "http://dashboard.example.com"}, "https"),
        (make_installation, {"STREAMLIT_SERVER_ENABLE_XSRF_PROTECTION": "false"}, "server.enableXsrfProtection"),
        (make_installation, {"STREAMLIT_SERVER_TRUSTED_USER_HEADERS": "{}"}, "server.trustedUserHeaders"),
    ],
)
def test_a_wrong_start_ends_with_78_and_says_what_to_do(
    tmp_path: Path, prepare: Callable[[Process], None], environ: dict[str, str], line: str
) -> None:
    process = Process(tmp_path)
    prepare(process)
    assert process.launch(**environ).wait(START_SECONDS) == 78
    log = process.log.read_text()
    assert line in log
    assert "Traceback" not in log
