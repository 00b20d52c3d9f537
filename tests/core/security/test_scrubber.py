"""No secret leaves in text: neither known values in any shape, nor what looks like one."""

import base64
import json
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote, urlencode

import pytest

from core.security.scrubber import Scrubber
from core.security.secret import MASK, Secret

CANARY = 'cAn4ry/+"\\é=zX9'
LONE = "c4n4ryvalue000111222"
PEM = "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIHcanarycanarycanarycanary01\n-----END EC PRIVATE KEY-----\n"


@pytest.mark.parametrize(
    "shape",
    [
        CANARY,
        quote(CANARY, safe=""),
        urlencode({"x": CANARY}),
        json.dumps(CANARY),
        json.dumps(CANARY, ensure_ascii=False),
        repr(CANARY),
        CANARY.encode().hex(),
        CANARY.encode().hex().upper(),
        base64.b64encode(CANARY.encode()).decode(),
        base64.urlsafe_b64encode(CANARY.encode()).decode(),
        f"twice {CANARY}{CANARY}",
    ],
)
def test_a_known_value_is_taken_out_in_every_shape(shape: str) -> None:
    scrubbed = Scrubber([Secret(CANARY)]).scrub(f"before {shape} after")
    assert MASK in scrubbed
    assert shape.strip("\"'") not in scrubbed
    assert scrubbed.startswith("before")
    assert scrubbed.endswith("after")


def test_lines_of_a_known_key_are_taken_out_one_by_one() -> None:
    assert "canary" not in Scrubber([Secret(PEM)]).scrub("line: MHcCAQEEIHcanarycanarycanarycanary01")


@pytest.mark.parametrize(
    "text",
    [
        f"GET /api/v3/account?timestamp=1&signature={LONE}",
        f"https://api.example.com/x?apiKey={LONE}&recvWindow=5",
        f"api_key={LONE}",
        f"secretKey: {LONE}",
        f"X-MBX-APIKEY: {LONE}",
        f"X-BX-APIKEY: {LONE}",
        f"ACCESS-KEY: {LONE}",
        f"ACCESS-KEY:{LONE}",
        f"ACCESS-SIGN: {LONE}",
        f"ACCESS-PASSPHRASE: {LONE}",
        f"OK-ACCESS-PASSPHRASE={LONE}",
        f"X-BAPI-SIGN: {LONE}",
        f"X-BAPI-API-KEY: {LONE}",
        f"API-Sign: {LONE}==",
        f"{{'KEY': '{LONE}', 'SIGN': '{LONE}'}}",
        f"{{'X-MBX-APIKEY': '{LONE}'}}",
        f"{{'X-MBX-APIKEY': b'{LONE}'}}",
        f"[('ACCESS-SIGN', '{LONE}')]",
        json.dumps({"api_secret": LONE, "other": 1}),
        json.dumps(json.dumps({"passphrase": LONE})),
        json.dumps({"password": f'with "quotes" {LONE}'}),
        f"Authorization: Bearer {LONE}",
        f"authorization=Basic {LONE}",
        f"{{'Authorization': 'Bearer {LONE}'}}",
        f"got bearer {LONE}",
        f"Cookie: __Host-session={LONE}; other={LONE}",
        f"Set-Cookie: __Host-session={LONE}; Path=/",
        f"{{'cookie': 'a={LONE}; b={LONE}'}}",
        f"__Host-session={LONE}",
        f"/setup?token={LONE}",
        f"vsk1.{LONE}",
        f"keys: vsk1.{LONE}=",
        f"eyJhbGciOiJFUzI1NiJ9.eyJzdWIi{LONE}.{LONE}",
        PEM.replace("MHc", LONE),
        PEM.replace("MHc", LONE).replace("\n", "\\n"),
        f"-----BEGIN PRIVATE KEY-----\n{LONE}",
        f"postgresql+psycopg://web:{LONE}@db:5432/dashboard",
        f"could not connect to http://user:{LONE}@proxy.example.com",
        f"password={LONE}",
    ],
)
def test_what_looks_like_a_secret_is_taken_out(text: str) -> None:
    scrubbed = Scrubber().scrub(text)
    assert LONE not in scrubbed
    assert "canary" not in scrubbed
    assert MASK in scrubbed


@pytest.mark.parametrize(
    "text",
    [
        "synced account 7c1e in 0.42 s, 3 wallets, equity 1234.56",
        "GET /api/v3/account failed: rate_limited (-1003), retry after 30 s",
        "private vault key missing for kid 64dd9e0b3c78a011",
        "key check does not open for kid 64dd9e0b3c78a011",
        "listening on http://127.0.0.1:8501",
        "sign in of user:maria throttled; monkey=1 design=2 keyboard: pt",
        "symbol=BTC/USDT side=long price=101.5",
        "error_code=bad_key exchange=binance account_id=22222222-2222-4222-8222-222222222222",
    ],
)
def test_ordinary_lines_stay_as_they_are(text: str) -> None:
    assert Scrubber([Secret(CANARY)]).scrub(text) == text


def test_what_stands_around_a_secret_stays() -> None:
    text = f"GET /x?timestamp=1&signature={LONE}&page=2 answered 401"
    assert Scrubber().scrub(text) == f"GET /x?timestamp=1&signature={MASK}&page=2 answered 401"
    assert json.loads(Scrubber().scrub(json.dumps({"api_key": LONE, "n": 1}))) == {"api_key": MASK, "n": 1}


def test_short_values_are_not_blotted_out_everywhere() -> None:
    assert Scrubber([Secret("on"), Secret("")]).scrub("one account on") == "one account on"


def test_a_value_can_be_added_and_forgotten() -> None:
    scrubber = Scrubber()
    scrubber.add(Secret(LONE))
    assert scrubber.scrub(LONE) == MASK
    scrubber.forget(Secret(LONE), Secret("never known"))
    assert scrubber.scrub(LONE) == LONE


def test_it_shows_none_of_its_values() -> None:
    assert LONE not in repr(Scrubber([Secret(LONE)]))


def test_threads_may_add_and_scrub_at_once() -> None:
    scrubber = Scrubber()

    def work(number: int) -> str:
        scrubber.add(Secret(f"{LONE}-{number:04}"))
        return scrubber.scrub(f"value {LONE}-{number:04}")

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(work, range(200))) == {f"value {MASK}"}


@pytest.mark.parametrize(
    "text", ["a" * 50_000, "-key" * 15_000, "key='" * 10_000, "://a:" * 10_000, "cookie: " * 10_000, "eyJ" * 20_000]
)
def test_hostile_text_is_scrubbed_in_time(text: str) -> None:
    begin = time.perf_counter()
    Scrubber().scrub(text)
    assert time.perf_counter() - begin < 2
