"""How rows follow one another: in order, once, and one bar's length apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

import msgspec

from trading_bot.market_data.faults import Fault, Kind
from trading_bot.market_data.rows import Rows, differences

SECOND_NS: Final = 1_000_000_000
HOUR_NS: Final = 3_600 * SECOND_NS
DAY_NS: Final = 24 * HOUR_NS
LONGEST_CLOSING_NS: Final = 5 * DAY_NS
"""Of a market with sessions: a weekend with a holiday on either side."""


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """What is expected of the times. ``sessions``: the market closes for nights, weekends and holidays."""

    step_ns: int
    sessions: bool = False

    def closes(self, difference: int) -> bool:
        """Whether the market may have been closed for that long."""
        return self.sessions and HOUR_NS <= difference <= LONGEST_CLOSING_NS


class Succession:
    """Looks at the rows of a table in the order of the file."""

    def __init__(self, rules: Rules, source: str) -> None:
        self.source = source
        self._rules = rules
        self._last: tuple[int, int] | None = None

    def faults(self, rows: Rows) -> Iterator[Fault]:
        """Yield what is wrong between these rows, and with the row before them."""
        if not rows.times:
            return
        numbers, times = rows.numbers, rows.times
        if self._last is not None:
            numbers, times = [self._last[0], *numbers], [self._last[1], *times]
        apart = differences(times)
        if apart.count(self._rules.step_ns) != len(apart):
            yield from self._look_at_each(numbers, times)
        else:
            self._last = numbers[-1], times[-1]

    def _look_at_each(self, numbers: Sequence[int], times: Sequence[int]) -> Iterator[Fault]:
        before, latest = numbers[0], times[0]
        for number, time in zip(numbers[1:], times[1:], strict=True):
            fault = self.between(number, time, before, latest)
            if fault is not None:
                yield fault
            if time > latest and (fault is None or fault.kind is Kind.GAP):
                before, latest = number, time
            self._last = before, latest

    def between(self, number: int, time: int, before: int, latest: int) -> Fault | None:
        """Return what is wrong with a row ``number`` at ``time`` after the row ``before`` at ``latest``."""
        step, apart = self._rules.step_ns, time - latest
        if apart == step:
            return None
        if apart == 0:
            return self._at(
                Kind.DUPLICATE, number, "a time of its own", f"{shown(time)} again, as in row {before}"
            )
        if apart < 0:
            expected = f"a time after {shown(latest)}, that of row {before}"
            return self._at(Kind.UNSORTED, number, expected, shown(time))
        if self._rules.closes(apart):
            return None
        expected = f"{shown(latest + step)}, {length(step)} after row {before}"
        if apart % step:
            return self._at(Kind.OFF_GRID, number, expected, shown(time))
        missing = f"{apart // step - 1:,} bars are" if apart > 2 * step else "1 bar is"
        return self._at(Kind.GAP, number, expected, f"{shown(time)}, so {missing} missing")

    def _at(self, kind: Kind, number: int, expected: str, found: str) -> Fault:
        return Fault(kind, self.source, number, "time", expected, found)


def usual_step(times: Sequence[int]) -> int | None:
    """Return the most frequent distance between neighbours in time, None when there are no two of them."""
    counted = Counter(apart for apart in differences(sorted(times)) if apart > 0)
    return counted.most_common(1)[0][0] if counted else None


def shown(time_ns: int) -> str:
    """Return a time for people, as short as it is exact to the second."""
    moment = datetime.fromtimestamp(time_ns // SECOND_NS, tz=UTC)
    rest = f".{time_ns % SECOND_NS:09d}".rstrip("0") if time_ns % SECOND_NS else ""
    return f"{moment:%Y-%m-%dT%H:%M:%S}{rest}Z"


def length(step_ns: int) -> str:
    """Return a bar's length for people: 1m, 4h, 1d."""
    units = ((DAY_NS, "d"), (HOUR_NS, "h"), (60 * SECOND_NS, "m"), (SECOND_NS, "s"))
    for unit, name in units:
        if step_ns % unit == 0:
            return f"{step_ns // unit}{name}"
    return f"{step_ns / SECOND_NS:g}s"
