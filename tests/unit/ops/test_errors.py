from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import msgspec
from support.history import Recorder

from exporter.ops.representations.errors import ErrorList, ErrorsWanted, represent_errors
from exporter.ops.resources.errors import ErrorsQuery
from trading_bot.contract.errors import NonRetriableError
from trading_bot.contract.events.lifecycle import ErrorRecorded
from trading_bot.domain.clock import ManualClock
from trading_bot.domain.health import Liveness, assess
from trading_bot.domain.state import RECENT_ERRORS, State


def with_errors(count: int) -> tuple[State, int]:
    clock = ManualClock()
    recorder = Recorder(clock)
    for number in range(count):
        code = "VENUE_001" if number % 2 else "FEED_001"
        error = NonRetriableError(code, f"error {number}").semantic(clock.now_ns())
        recorder(ErrorRecorded(error=error))
        clock.advance(1)
    return recorder.state, clock.now_ns()


def listed(state: State, now: int, **wanted: object) -> ErrorList:
    health = assess(state, now, Liveness.ALIVE, beat_at=now)
    return represent_errors(state, health, now, ErrorsWanted(**{"limit": 20, **wanted}))


def test_errors_come_newest_first_and_say_how_many_there_ever_were():
    state, now = with_errors(30)
    body = listed(state, now)
    assert [error.message for error in body.errors[:2]] == ["error 29", "error 28"]
    assert (body.returned, body.total, body.truncated) == (20, 30, True)


def test_following_next_reaches_every_error_once():
    state, now = with_errors(50)
    seen, link = [], "?limit=7"
    while link:
        query = msgspec.convert(dict(parse_qsl(urlsplit(link).query)), ErrorsQuery, strict=False)
        body = listed(state, now, limit=query.limit, before=query.before)
        seen += [error.message for error in body.errors]
        link = body.next
    assert seen == [f"error {number}" for number in reversed(range(50))]
    assert body.truncated is False
    assert body.older is None


def test_one_code_can_be_asked_for():
    state, now = with_errors(30)
    body = listed(state, now, code="FEED_001", limit=3)
    assert {error.error_code for error in body.errors} == {"FEED_001"}
    assert body.total == 15
    assert "code=FEED_001" in body.next


def test_where_memory_ends_the_list_says_where_the_rest_stands():
    state, now = with_errors(RECENT_ERRORS + 5)
    body = listed(state, now, limit=RECENT_ERRORS)
    assert body.total == RECENT_ERRORS + 5
    assert body.truncated is True
    assert body.next is None
    assert "tape" in body.older


def test_times_are_rfc_3339_and_each_error_has_its_remedy():
    state, now = with_errors(1)
    (error,) = listed(state, now).errors
    assert error.timestamp == "2023-11-14T22:13:20.000000Z"
    assert error.remediation[0].action
