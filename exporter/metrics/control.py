"""The control tape: the ops endpoint as its own tape tells it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Final

from exporter.metrics.errors import KNOWN
from exporter.metrics.scrape import Point, Scrape, Table, counted_errors, value
from trading_bot.contract.telemetry import metrics
from trading_bot.contract.telemetry.definition import Metric
from trading_bot.contract.telemetry.labels import ANSWER, COMMAND
from trading_bot.domain.state import Issued

COMMANDS_ANSWERED: Final = tuple(product(COMMAND.values or (), ANSWER.values or ()))


def _errors(scrape: Scrape, _metric: Metric) -> Iterator[Point]:
    if scrape.own.control_position is not None:
        yield from counted_errors(scrape.own.control_errors, KNOWN)


def _commands(scrape: Scrape, metric: Metric) -> Iterator[Point]:
    """Yield every name and outcome from 0 on: a person's first command is an increase too."""
    if scrape.state.seq:
        yield from counted_errors(scrape.state.counts.get(metric.name, {}), COMMANDS_ANSWERED)


def _pending(scrape: Scrape, _metric: Metric) -> Iterator[Point]:
    if scrape.own.control_position is not None:
        yield from value(len(pending(scrape)))


def pending(scrape: Scrape) -> list[Issued]:
    """Return the commands of the control tape that could still do something and have no answer yet."""
    answers = scrape.state.control.answers
    return [
        issued
        for issued in scrape.own.commands
        if issued.command_id not in answers and issued.expires_at > scrape.now_ns
    ]


TABLE: Final[Table] = {
    metrics.CONTROL_POSITION: lambda scrape, _: value(scrape.own.control_position),
    metrics.CONTROL_ERRORS: _errors,
    metrics.CONTROL_COMMANDS: _commands,
    metrics.CONTROL_PENDING: _pending,
}
