"""Whether the venue answers: seen from requests and from streams."""

from __future__ import annotations

from trading_bot.contract.errors import RetriableError, TickertapeError
from trading_bot.domain.clock import SECOND, Clock
from trading_bot.telemetry import ErrorRecorder
from trading_bot.venues.protocol import StreamName

TOLERATED_SECONDS = 3.0
"""The order stream may be away this long before the venue counts as not reachable."""


class VenueWatch:
    """Collects what says that the venue is there or not.

    Attributes:
        answered: whether it has answered in this run.
        message: why it counts as not reachable.
    """

    def __init__(self, errors: ErrorRecorder, clock: Clock) -> None:
        self.answered = False
        self.message = ""
        self._errors = errors
        self._clock = clock
        self._request_failing_since: int | None = None
        self._lost_streams: dict[StreamName, int] = {}

    @property
    def failing_since(self) -> float | None:
        """Seconds since requests fail or the order stream is away for longer than tolerated; else None.

        Streams of market data do not count: without them the venue still trades, and FeedFresh tells of them.
        """
        now = self._clock.monotonic_ns()
        since = [] if self._request_failing_since is None else [self._request_failing_since]
        lost = self._lost_streams.get(StreamName.ORDERS)
        since += [lost] if lost is not None and now - lost > TOLERATED_SECONDS * SECOND else []
        return (now - min(since)) / SECOND if since else None

    def succeeded(self) -> None:
        """Note an answer to a request."""
        self.answered = True
        self._request_failing_since = None

    def failed(self, error: TickertapeError) -> None:
        """Note a request without an answer; the first of a row is recorded."""
        self.message = error.message
        if self._request_failing_since is None:
            self._request_failing_since = self._clock.monotonic_ns()
            self._errors.record(error)

    def lost(self, stream: StreamName, message: str) -> None:
        """Note that a stream ended."""
        told = f"the {stream} stream is lost: {message}"
        if stream is StreamName.ORDERS:
            self.message = told
        if stream not in self._lost_streams:
            self._lost_streams[stream] = self._clock.monotonic_ns()
            self._errors.record(RetriableError("FEED_002", told, stream=stream))

    def restored(self, stream: StreamName) -> None:
        """Note that data flows again on a stream."""
        self._lost_streams.pop(stream, None)
