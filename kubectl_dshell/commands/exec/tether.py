"""The tether: a second exec that measures the target, keeps the debug container alive, and says goodbye."""

from __future__ import annotations

import contextlib
import math
from typing import TYPE_CHECKING, cast

from kubectl_dshell.commands.exec.acknowledgements import Echoes
from kubectl_dshell.commands.exec.connector import Connector
from kubectl_dshell.domain.debug_container.spec import LEASE_SECONDS
from kubectl_dshell.domain.stream import Channel, Exit
from kubectl_dshell.domain.text.bounds import LONGEST_MESSAGE, one_line
from kubectl_dshell.domain.text.duration import duration
from kubectl_dshell.errors import BadConfig, ConnectionLost, DshellError, Malformed, Unavailable
from kubectl_dshell.remote import protocol
from kubectl_dshell.remote.exec_script import program
from kubectl_dshell.streaming.relay import serve

if TYPE_CHECKING:
    from collections.abc import Callable

    from kubectl_dshell.commands.ports import Clock
    from kubectl_dshell.domain.access.facts import Facts
    from kubectl_dshell.domain.stream import Stream

BEAT_SECONDS = 15.0
RECONNECT_SECONDS = 5.0
WARN_BEFORE_LIMIT_SECONDS = 300
_FIRST_CONNECT_SECONDS = 8.0
"""Extra time for a goodbye that is the first message: a busy node is slow to begin an exec."""
_LONGEST_UNREAD = 65536
"""Bytes, of lines received at once or of an unfinished one: 16 MiB of line breaks would be as many objects."""


class TetherEnded(Unavailable):
    """The exec of a tether ended, as it does with its debug container; the message is the one of the stream's end."""


class Tether:
    """One session's line to the holder. Connects in a thread of its own; the rest runs in the caller's thread."""

    lapsed: bool | None = None
    """Whether the holder ended the session's processes after the client's silence; False: none were left to end."""
    say_leaving: Callable[[], None]
    """Called when the holder reports that its pod is being stopped."""

    def __init__(
        self,
        session: str,
        connect: Callable[[], Stream],
        clock: Clock,
        warn: Callable[[str], None],
        *,
        leaving: Callable[[], None] = lambda: None,
        first: bool = False,
        text: Callable[[], bytes] = program,
    ) -> None:
        """It connects as `connect` says, or when there is something to send.

        `first`: the first connection sends `text`, that of the holder, unasked.
        """
        self.say_leaving = leaving
        self._session = session
        self._first = first
        self._text = text
        self._keep = 0
        self._connector = Connector(connect)
        self._clock = clock
        self._warn = warn
        self._stream: Stream | None = None
        self._closed = False
        self._failure: DshellError | None = None
        self._awaited = False  # nothing else runs meanwhile: the caller gets the error
        self._told = False  # the user was warned that there are no credentials to reconnect with
        self._unread = b""
        self._facts: Facts | None = None
        self._next_beat = 0.0
        self._next_connect = math.inf
        self._silent_since: float | None = clock.monotonic()
        self._served = clock.monotonic()
        self._limit_notice: float | None = None
        self._echoes = Echoes(clock)

    @property
    def alive(self) -> bool:
        return self._stream is not None

    @property
    def unheard(self) -> float:
        """Seconds since the last message known to have reached the holder, including those asleep."""
        return self._echoes.unheard

    def fileno(self) -> int:
        return self._stream.fileno() if self._stream else self._connector.fileno()

    @property
    def wants_write(self) -> bool:
        return self._stream is not None and self._stream.wants_write

    def service(self, now: float) -> float:
        """Read what arrived and send what is due; the monotonic time of the next call.

        Raises ConnectionLost once the tether has been disconnected for longer than the lease.
        """
        self._take_arrival()
        if self._silent_since is not None and now - self._served > 2 * BEAT_SECONDS:
            self._silent_since = now  # this process was stopped: the silence was its own
        self._served = now
        if self._stream is None:
            return self._while_lost(now)
        try:
            self._read(self._stream)  # before anything is sent: what has arrived may be its end, and say why
            if self.alive:
                self._stream.flush()
            due = self._stream.keepalive(now) if self.alive else now
        except (ConnectionLost, Malformed):  # the app's user can write into it: reconnect
            self._drop()
            return now
        if self._facts and self.alive and now >= self._next_beat:
            self._say(protocol.beat(self._session, LEASE_SECONDS, self._echoes.since_begin), *self._kept())
            self._next_beat = now + BEAT_SECONDS
        self._announce_limit(now)
        return min(due, self._next_beat) if self._facts else due

    def facts(self, seconds: float = 20.0) -> Facts:
        """Wait for the measured facts; raises ConnectionLost, or the error of connecting."""
        self._want()
        if not self._pump(lambda: self._facts is not None or self._failure is not None, seconds):
            raise ConnectionLost(f"the debug container does not answer (waited {seconds:.0f} s)")
        if self._facts is None and self._failure is not None:
            raise self._failure
        return cast("Facts", self._facts)

    def keep(self, seconds: int) -> None:
        """From now on the debug container stays for `seconds` if this client vanishes; 0: for its lease."""
        self._keep = seconds
        with contextlib.suppress(ConnectionLost):  # the next `service` will report it
            self._say(*self._kept())

    def connect(self, seconds: float = 0.0) -> None:
        """Connect after so many seconds, unless it has to before; 0: at once."""
        if seconds:
            self._next_connect = min(self._next_connect, self._clock.monotonic() + seconds)
        else:
            self._want()

    def goodbye(self, *words: bytes, seconds: float = 2.0) -> bool:
        """Send `words` to the holder; whether it acknowledged all of them in time. A closed tether sends nothing."""
        if self._closed:
            return False
        self._want()
        try:
            first = 0.0 if self._facts else _FIRST_CONNECT_SECONDS
            self._pump(lambda: (self.alive and self._facts is not None) or self._failure is not None, seconds + first)
            if self._stream:
                self._read(self._stream)
            if not self.alive or self._facts is None:
                return False
            self._say(*words)
            return self._pump(lambda: self._echoes.all_heard or not self.alive, seconds) and self.alive
        except DshellError:
            return False
        finally:
            self.close()

    def close(self) -> None:
        self._closed = True
        if self._stream:
            self._stream.close()
        self._stream = None
        self._connector.close()

    def _pump(self, done: Callable[[], bool], seconds: float) -> bool:
        """Serve the tether until `done`, while nothing else runs; whether that was within `seconds`."""
        if self._closed:
            return done()
        self._awaited = True
        try:
            return serve(self, done, self._clock.monotonic() + seconds, self._clock.monotonic)
        finally:
            self._awaited = False

    def _say(self, *words: bytes) -> None:
        """In one frame."""
        if self._stream and words:
            for _ in words:
                self._echoes.said()
            self._stream.send(b"".join(words))

    def _kept(self) -> list[bytes]:
        return [protocol.keep(self._keep)] if self._keep else []

    def _read(self, stream: Stream) -> None:
        for event in stream.receive():
            if isinstance(event, Exit):
                self._drop()
                self.lapsed = {protocol.LAPSED: True, protocol.LAPSED_IDLE: False}.get(event.code or 0, self.lapsed)
                self._failure = TetherEnded(f"the debug container ended: {event.message or event.code}")
                return
            if event.channel is Channel.STDOUT:
                self._unread += event.data
        if len(self._unread) > _LONGEST_UNREAD:
            raise Malformed("received more from a tether than was sent to it")
        *lines, self._unread = self._unread.split(b"\n")
        for line in lines:
            if line.startswith(b"dshell "):
                self._facts = protocol.parse_facts(line.decode(errors="replace"))
                if self._facts.holder_waits and not self._first:
                    self._first = True
                    stream.send(self._text())
                if self._facts.holder_alive:
                    self._limit_notice = self._clock.monotonic() + self._facts.left - WARN_BEFORE_LIMIT_SECONDS
            elif line == protocol.LEAVING:
                self.say_leaving()
            else:
                self._echoes.came()

    def _drop(self) -> None:
        if self._stream:
            self._stream.close()
        self._stream, self._unread, self._first = None, b"", False
        self._echoes.forget()
        self._silent_since = self._clock.monotonic()

    def _while_lost(self, now: float) -> float:
        if self._silent_since is not None and now - self._silent_since > LEASE_SECONDS:
            raise ConnectionLost(f"the debug container has not answered for {LEASE_SECONDS} s")
        if not self._connector.busy and now >= self._next_connect:
            self._reconnect()
        return max(now + 0.5, self._next_connect)

    def _want(self) -> None:
        if not self.alive and not self._connector.busy:
            self._reconnect()

    def _reconnect(self) -> None:
        self._failure = None
        self._next_connect = self._clock.monotonic() + RECONNECT_SECONDS
        self._connector.begin()

    def _take_arrival(self) -> None:
        arrived = self._connector.take()
        if isinstance(arrived, DshellError):
            self._failure, self._first = arrived, False
            if isinstance(arrived, BadConfig) and not (self._awaited or self._told):
                self._told = True
                why = one_line(arrived.message, LONGEST_MESSAGE)
                self._warn(f"the session continues, but will end soon without credentials: {why}")
        elif arrived is not None:
            self._stream, self._silent_since, self._next_beat = arrived, None, 0.0

    def _announce_limit(self, now: float) -> None:
        if self._limit_notice is not None and now >= self._limit_notice:
            left = self._limit_notice + WARN_BEFORE_LIMIT_SECONDS - now
            self._limit_notice = None
            self._warn(f"this session ends in {duration(round(left))}, at its limit (--ttl)")
