"""A browser's half of Streamlit's websocket, for measuring: signs in, asks for reruns, counts bytes and time."""

import time
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import requests
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from tests.e2e.installation import PASSWORD

RUN_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Run:
    """One script run as the client saw it."""

    seconds: float
    payload_bytes: int


def sign_in(url: str, login: str) -> str:
    """Return the cookie header of a fresh login session."""
    form = {"login": login, "password": PASSWORD, "next": "/", "lang": "en"}
    answer = requests.post(f"{url}/login", data=form, headers={"Origin": url}, allow_redirects=False, timeout=30)
    if answer.status_code != 303:
        raise RuntimeError(f"sign-in answered {answer.status_code}")
    return answer.headers["set-cookie"].partition(";")[0]


class Visitor:
    """One open page. Use as a context manager."""

    def __init__(self, url: str, cookie: str, query: str) -> None:
        self._url, self._cookie, self._query = url, cookie, query
        self._socket: ClientConnection

    def __enter__(self) -> Self:
        """Open the websocket as the page does."""
        self._socket = connect(
            self._url.replace("http://", "ws://") + "/_stcore/stream",
            origin=Origin(self._url),
            subprotocols=[Subprotocol("streamlit")],
            additional_headers={"Cookie": self._cookie},
            max_size=None,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the websocket."""
        self._socket.close()

    def rerun(self) -> Run:
        """Ask for a run of the page and wait until it has finished."""
        question = BackMsg()
        question.rerun_script.query_string = self._query
        started, payload = time.perf_counter(), 0
        self._socket.send(question.SerializeToString())
        while True:
            data = self._socket.recv(timeout=RUN_SECONDS)
            payload += len(data)
            message = ForwardMsg()
            message.ParseFromString(data if isinstance(data, bytes) else data.encode())
            if message.WhichOneof("type") == "script_finished":
                return Run(time.perf_counter() - started, payload)
