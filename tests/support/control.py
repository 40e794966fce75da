"""A control tape for tests: commands issued as ops would."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any, Self

import msgspec

from trading_bot.boot.identity import new_run_id
from trading_bot.contract.commands import ApplySettings, Command
from trading_bot.contract.events.lifecycle import CommandIssued
from trading_bot.contract.settings import Settings, settings_hash
from trading_bot.domain.clock import SECOND, Clock
from trading_bot.journal import TapeWriter


class ControlTape:
    """The one writer of a control tape, for as long as it is open."""

    _numbers = itertools.count(1)

    def __init__(self, path: Path, clock: Clock) -> None:
        self._clock = clock
        self.writer = TapeWriter.open(path, bot="test", run_id=new_run_id(clock.now_ns()), clock=clock)

    def issue(self, command: Command, *, seconds: float = 60, **fields: Any) -> str:
        """Put a command on the tape and return its id."""
        fields = {"command_id": f"c-{next(self._numbers)}", "expected_generation": None, **fields}
        return self.put(
            CommandIssued(
                name=command.NAME,
                arguments=msgspec.to_builtins(command),
                actor=fields.pop("actor", "ada"),
                reason=fields.pop("reason", "for a test"),
                expires_at=self._clock.now_ns() + round(seconds * SECOND),
                **fields,
            )
        )

    def put(self, issued: CommandIssued) -> str:
        self.writer.append(issued)
        self.writer.make_durable().result(60)
        return issued.command_id

    def close(self) -> None:
        self.writer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def applying(settings: Settings, **how: Any) -> ApplySettings:
    """Return the command that puts settings in force."""
    return ApplySettings(settings=msgspec.to_builtins(settings), hash=settings_hash(settings), **how)
