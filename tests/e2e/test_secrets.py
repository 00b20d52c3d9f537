"""No secret that a person typed is found anywhere afterwards: not in the database, the logs or the pages."""

import base64
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

from playwright.sync_api import BrowserContext, expect

from connectors.sandbox import Sandbox, SandboxKey
from tests.e2e.installation import PASSWORD, Installation
from tests.e2e.person import Person

CANARY = "Canary7Secret8"


def canary_key(sandbox: Sandbox, exchange: str, name: str) -> SandboxKey:
    """Make a key whose secret and passphrase can be searched for, and let the sandbox know it."""
    known = sandbox.key(exchange, name)
    secret = (CANARY + known.api_secret)[: len(known.api_secret)]
    passphrase = f"{CANARY} phrase" if known.passphrase else None
    key = replace(known, name=f"canary-{name}", api_key=known.api_key[::-1], api_secret=secret, passphrase=passphrase)
    sandbox.put_key(key)
    return key


def forms(secret: str) -> list[bytes]:
    """Return the shapes in which a secret could lie around."""
    raw = secret.encode()
    encoded = [base64.b64encode(raw), base64.urlsafe_b64encode(raw).rstrip(b"="), raw.hex().encode()]
    return [raw, quote(secret).encode(), raw[::-1], *encoded]


def files_of(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


def test_typed_secrets_are_nowhere_but_sealed(
    tmp_path: Path, sandbox: Sandbox, new_context: Callable[[], BrowserContext]
) -> None:
    seen: list[bytes] = []
    good, refused = canary_key(sandbox, "bitget", "good"), canary_key(sandbox, "binance", "withdraw")
    with Installation(tmp_path, sandbox, GA_LOG_LEVEL="DEBUG") as installation:
        installation.add_person("carla")
        page = new_context().new_page()
        page.on("websocket", lambda socket: socket.on("framereceived", lambda data: seen.append(_bytes(data))))
        carla = Person(page, installation.url)
        carla.sign_in("carla")
        carla.add_account("Bitget", good)
        expect(page.get_by_text("Balance now:")).to_be_visible(timeout=45_000)
        page.get_by_role("button", name="To the accounts").or_(page.get_by_role("button", name="Close")).first.click()
        carla.settle()
        carla.add_account("Binance", refused)
        expect(page.get_by_text("This key may withdraw money").first).to_be_visible(timeout=45_000)
        for name in ("Overview", "Accounts", "Settings"):
            carla.go_to(name)
            seen.append(page.content().encode())
        cookie = page.context.cookies()[0]["value"]
    secrets = [good.api_secret, str(good.passphrase), refused.api_secret, PASSWORD, str(cookie)]
    needles = [form for secret in secrets for form in forms(secret)]
    places = {str(path): path.read_bytes() for path in files_of(tmp_path)} | {"pages": b"\n".join(seen)}
    assert any(name.endswith("dashboard.db") for name in places) and any("web.log" in name for name in places)
    assert "Application startup complete" in (tmp_path / "web.log").read_text()
    assert [name for name, content in places.items() if any(needle in content for needle in needles)] == []
    whole_keys = [good.api_key.encode(), refused.api_key.encode()]
    assert [name for name, content in places.items() if any(key in content for key in whole_keys)] == []


def _bytes(data: str | bytes) -> bytes:
    return data if isinstance(data, bytes) else data.encode()


def test_the_web_process_holds_no_private_key(installation: Installation) -> None:
    private = installation.settings.vault_private_keys_file.read_text().strip()
    pid = installation.pid("web")
    environ = Path(f"/proc/{pid}/environ").read_bytes()
    assert private.encode() not in environ and b"GA_VAULT_PRIVATE" not in environ
    opened = [os.readlink(link) for link in Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink()]
    assert str(installation.settings.vault_private_keys_file) not in opened
