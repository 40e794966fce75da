"""Options that several commands have, and the values they read."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])

BARS: Final = ("1s", "1m", "5m", "15m", "1h")
OUTPUTS: Final = ("table", "json", "csv")
_SECONDS: Final = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)([smhd]?)")


class Duration(click.ParamType[float]):
    """A span of time such as ``60s``, ``5m`` or ``90``; its value is seconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return seconds, more than 0."""
        if isinstance(value, float):
            return value
        match = _DURATION.fullmatch(str(value).strip().lower())
        if match is None or float(match[1]) <= 0:
            self.fail(f"expected a time such as 60s or 5m, found {value!r}", param, ctx)
        return float(match[1]) * _SECONDS[match[2]]


def home_option(command: Command) -> Command:
    """Add ``--home``."""
    return click.option(
        "--home",
        type=click.Path(file_okay=True, path_type=Path),
        help="Home folder of the bot.  [default: BOT_HOME, else ./.tickertape]",
    )(command)


def output_option(command: Command) -> Command:
    """Add ``--output``."""
    return click.option(
        "--output",
        type=click.Choice(OUTPUTS),
        default="table",
        show_default=True,
        help="How data is printed.",
    )(command)


def bar_option(default: str) -> Callable[[Command], Command]:
    """Return what adds ``--bar``."""
    return click.option(
        "--bar",
        type=click.Choice(BARS),
        default=default,
        show_default=True,
        help="How long one historical bar is played on the wall clock.",
    )
