"""uvicorn's HTTP/1.1 with patience that ends, and errors in JSON.

uvicorn waits for ever for the rest of a request and for a client that does not take its answer, tells of malformed HTTP in plain
text, and closes idle connections the moment it stops, although a request may be on its way.
"""

from __future__ import annotations

import asyncio
import socket

import h11
import msgspec
from uvicorn.protocols.http.flow_control import CLOSE_HEADER
from uvicorn.protocols.http.h11_impl import STATUS_PHRASES, H11Protocol

GRACE = 1.0
"""Seconds that an idle connection stays open once the server stops: what arrives in them is answered."""


class Connection(H11Protocol):
    """One client.

    Class attributes, which `limited` sets:
        seconds: to send a request, and to take an answer.
        most: connections at once.
    """

    seconds = 30.0
    most = 256
    _stopping = False
    _reading: asyncio.TimerHandle | None = None
    _writing: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        # asyncio does so only where a socket names its protocol; without it an answer waits 40 ms for its head to be confirmed.
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        transport.set_write_buffer_limits(high=0)  # so that `pause_writing` is called as soon as anything has to wait
        if len(self.connections) > self.most:
            self.refuse(503, f"{self.most} connections are open, as many as this server takes on at once.")
        self._be_patient()

    def data_received(self, data: bytes) -> None:
        if not self.transport.is_closing():
            if self._reading and self._is_idle():  # a request begins, and has all the time that there is
                self._reading.cancel()
                self._reading = None
            super().data_received(data)
            self._be_patient()
            if self._stopping:
                self._answer_and_close()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._be_patient()
        if self._stopping:  # where the answer had begun before, and could not say that it was the last
            self.loop.call_later(GRACE, self._close_if_idle)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        for timer in (self._reading, self._writing, self.timeout_keep_alive_task):
            if timer:
                timer.cancel()

    def _be_patient(self) -> None:
        """Start a timer where the client has to send something, and stop it where all is there."""
        waits = self.conn.their_state in (h11.IDLE, h11.SEND_BODY) and not self.transport.is_closing()
        if waits and self._reading is None:
            self._reading = self.loop.call_later(self.seconds, self._late)
        elif not waits and self._reading:
            self._reading.cancel()
            self._reading = None

    def _late(self) -> None:
        self._reading = None
        if self._is_idle():
            self.timeout_keep_alive_handler()
        else:
            self.refuse(408, f"The request was not complete after {self.seconds:g} seconds.")

    def _is_idle(self) -> bool:
        """Whether no part of a request is there."""
        return self.conn.their_state is h11.IDLE and not self.conn.trailing_data[0]

    def pause_writing(self) -> None:
        super().pause_writing()
        self._writing = self.loop.call_later(self.seconds, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._writing:
            self._writing.cancel()
            self._writing = None

    def send_400_response(self, msg: str) -> None:
        self.refuse(400, msg)

    def refuse(self, status: int, message: str) -> None:
        """Answer in the place of the application, where it has not begun to, and close."""
        if self.cycle:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        body = msgspec.json.encode({"error": message})
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode()), CLOSE_HEADER]
        try:
            start = self.conn.send(h11.Response(status_code=status, headers=headers, reason=STATUS_PHRASES[status]))
            self.transport.write(b"".join([start, self.conn.send(h11.Data(data=body)), self.conn.send(h11.EndOfMessage())]))
        except h11.LocalProtocolError:  # an answer is on its way
            pass
        self.transport.close()

    def shutdown(self) -> None:
        """Answer what has begun to arrive, and what arrives in the next moment."""
        self._stopping = True
        self._answer_and_close()
        self.loop.call_later(GRACE, self._close_if_idle)

    def _answer_and_close(self) -> None:
        """Let the answer under way say that it is the last."""
        if self.cycle and not self.cycle.response_started:
            # As if the client had asked for it. Starlette puts a list of its own into the scope.
            headers = self.cycle.scope["headers"]
            self.cycle.scope["headers"] = [*headers, CLOSE_HEADER] if CLOSE_HEADER not in headers else headers

    def _close_if_idle(self) -> None:
        if self._is_idle():
            self.timeout_keep_alive_handler()


def limited(seconds: float, most: int) -> type[Connection]:
    """`Connection` with these limits: uvicorn makes its objects itself."""
    return type("Connection", (Connection,), {"seconds": seconds, "most": most})
