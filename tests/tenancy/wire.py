"""A browser tab in the raw: Streamlit's protobuf over a websocket with a login cookie; everything can be forged."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from streamlit.proto.AppPage_pb2 import AppPage
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

ANSWER_SECONDS = 120.0
WIDGET = "$$ID-"


@dataclass(frozen=True, slots=True)
class Ask:
    """What a tab asks the server to run; the empty page is the start page, the empty fragment the whole page."""

    query: str = ""
    page_hash: str = ""
    fragment: str = ""
    states: tuple[WidgetState, ...] = ()


@dataclass(slots=True)
class Answer:
    """Everything that came back until the run was over."""

    raw: list[bytes] = field(default_factory=list)
    messages: list[ForwardMsg] = field(default_factory=list)

    @property
    def session_id(self) -> str:
        """The session that the run says it belongs to; empty where no run began."""
        begun = [message.new_session for message in self.messages if message.WhichOneof("type") == "new_session"]
        return begun[-1].initialize.session_id if begun else ""

    @property
    def pages(self) -> list[AppPage]:
        """The pages that the navigation lists."""
        listed = [message.navigation for message in self.messages if message.WhichOneof("type") == "navigation"]
        return list(listed[-1].app_pages) if listed else []

    @property
    def fragments(self) -> list[str]:
        """The ids of the fragments that drew something."""
        ids = {message.delta.fragment_id for message in self.messages if message.WhichOneof("type") == "delta"}
        return sorted(ids - {""})

    @property
    def widgets(self) -> dict[str, str]:
        """The kind of element (its field in the protocol) by widget id."""
        found: dict[str, str] = {}
        for message in self.messages:
            if message.WhichOneof("type") != "delta":
                continue
            element = message.delta.new_element
            kind = element.WhichOneof("type")
            for name, text in strings(element):
                if name == "id" and text.startswith(WIDGET):
                    found[text] = kind or ""
        return found

    @property
    def texts(self) -> set[str]:
        """Every text in what was drawn, but for ids and for what holds digits (ages and amounts move)."""
        drawn = [message for message in self.messages if message.WhichOneof("type") == "delta"]
        found = (text for message in drawn for name, text in strings(message) if "id" not in name)
        return {text for text in found if WIDGET not in text and not any(letter.isdigit() for letter in text)}


class Tab:
    """One open page. Use as a context manager; `resume` asks for the Streamlit session of that id."""

    def __init__(self, url: str, cookie: str, *, resume: str = "") -> None:
        self._url, self._cookie, self._resume = url, cookie, resume
        self._exit = ExitStack()
        self._socket: ClientConnection

    def __enter__(self) -> Self:
        """Open the websocket as the page does."""
        protocols = ["streamlit", "none", self._resume] if self._resume else ["streamlit"]
        opening = connect(
            self._url.replace("http://", "ws://") + "/_stcore/stream",
            origin=Origin(self._url),
            subprotocols=[Subprotocol(name) for name in protocols],
            additional_headers={"Cookie": self._cookie},
            max_size=None,
            open_timeout=ANSWER_SECONDS,
            ping_interval=None,
        )
        self._socket = self._exit.enter_context(opening)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the websocket."""
        self._exit.close()

    def run(self, *asks: Ask) -> Answer:
        """Ask, and return what comes until the last run is over, or until a request beside runs is answered.

        Asks before the last one may go without an answer: a session ignores fragments that it does not hold.
        """
        for ask in asks:
            self.send(back_message(ask))
        passing = {ForwardMsg.FINISHED_EARLY_FOR_RERUN}
        if asks and not asks[-1].fragment:
            passing.add(ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY)
        answer = Answer()
        while True:
            data = self._socket.recv(timeout=ANSWER_SECONDS)
            raw = data if isinstance(data, bytes) else data.encode()
            message = ForwardMsg()
            message.ParseFromString(raw)
            answer.raw.append(raw)
            answer.messages.append(message)
            kind = message.WhichOneof("type")
            if kind == "backend_operation_response":
                return answer
            if kind == "script_finished" and message.script_finished not in passing:
                return answer

    def send(self, message: BackMsg) -> None:
        """Send anything that the protocol knows."""
        self._socket.send(message.SerializeToString())


def back_message(ask: Ask) -> BackMsg:
    """Return the message that asks for a run."""
    message = BackMsg()
    rerun = message.rerun_script
    rerun.query_string, rerun.page_script_hash, rerun.fragment_id = ask.query, ask.page_hash, ask.fragment
    rerun.widget_states.widgets.extend(ask.states)
    return message


def poke(widget: str, kind: str, text: str) -> WidgetState:
    """Return the state of a widget that was used: pressed, or given a text where it takes one."""
    state = WidgetState(id=widget)
    if kind == "menu_button":
        state.string_trigger_value.data = text
    elif kind in ("selectbox", "text_input", "text_area"):
        state.string_value = text
    elif kind in ("button_group", "date_input", "multiselect"):
        state.string_array_value.data.append(text)
    elif kind == "checkbox":
        state.bool_value = True
    elif kind in ("dataframe", "echarts_chart"):
        state.json_value = '{"selection": {"rows": [0], "columns": [], "cells": []}}'
    else:
        state.trigger_value = True
    return state


def strings(message: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - protobuf's own base has no types
    """Yield name and value of every text field of a protobuf message, however deep."""
    for descriptor, value in message.ListFields():
        for part in [value] if isinstance(value, str | bytes) or not isinstance(value, Iterable) else value:
            if isinstance(part, str):
                yield descriptor.name, part
            elif hasattr(part, "ListFields"):
                yield from strings(part)
