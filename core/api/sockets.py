"""Open websockets and their login sessions: when a session ends, its sockets are closed within ten seconds."""

import asyncio
import logging
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from anyio import to_thread
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.errors import PlatformError

log = logging.getLogger(__name__)

POLL_SECONDS = 4.0
POLICY_VIOLATION = 1008

FindEnded = Callable[[MutableMapping[UUID, datetime]], set[UUID]]


@dataclass(eq=False, slots=True)
class OpenSocket:
    """One open websocket of a login session."""

    session_id: UUID
    send: Send
    is_closed: bool = False


class OpenSockets:
    """Keeps account of the websockets of this process and asks the storage about their sessions, one query a poll.

    A session found ended is closed at the poll after: its page has that long to leave for the sign-in page by itself.
    """

    def __init__(self, find_ended: FindEnded, *, poll_seconds: float = POLL_SECONDS) -> None:
        self._find_ended = find_ended
        self._poll_seconds = poll_seconds
        self._sockets: set[OpenSocket] = set()
        self._deadlines: dict[UUID, datetime] = {}
        self._poller: asyncio.Task[None] | None = None

    async def serve(
        self, app: ASGIApp, connection: tuple[Scope, Receive, Send], *, session_id: UUID, deadline: datetime
    ) -> None:
        """Run the application on a websocket until it ends or its login session does."""
        scope, receive, send = connection
        socket = OpenSocket(session_id, send)

        async def send_while_open(message: Message) -> None:
            if not socket.is_closed:
                await send(message)

        self._sockets.add(socket)
        self._deadlines[session_id] = deadline
        if self._poller is None or self._poller.done():
            self._poller = asyncio.create_task(self._poll(), name="login-session-poll")
        try:
            await app(scope, receive, send_while_open)
        finally:
            self._sockets.discard(socket)
            if not any(other.session_id == session_id for other in self._sockets):
                self._deadlines.pop(session_id, None)

    async def _poll(self) -> None:
        suspects: set[UUID] = set()
        while self._sockets:
            await asyncio.sleep(self._poll_seconds)
            deadlines = dict(self._deadlines)
            try:
                ended = await to_thread.run_sync(self._find_ended, deadlines)
            except PlatformError as e:
                log.warning("open login sessions could not be checked: %s", e.code)
                continue
            for session_id, deadline in deadlines.items():
                if session_id in self._deadlines:
                    self._deadlines[session_id] = max(deadline, self._deadlines[session_id])
            await self._close(ended & suspects)
            suspects = ended

    async def _close(self, session_ids: set[UUID]) -> None:
        for socket in [socket for socket in self._sockets if socket.session_id in session_ids]:
            socket.is_closed = True
            try:
                await socket.send({"type": "websocket.close", "code": POLICY_VIOLATION})
            except (OSError, RuntimeError):
                log.debug("a websocket was gone before it could be closed")
