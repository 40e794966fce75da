"""What an action is, and what it is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import msgspec

from exporter.ops.access.keys import KeyRing
from exporter.ops.commands import Commands
from exporter.ops.workflows.document import Document
from exporter.ops.workflows.observation import Observer
from exporter.ops.workflows.patience import Patience
from trading_bot.boot.home import Home
from trading_bot.boot.settings import BootSettings
from trading_bot.domain.clock import Clock


class Repeat(StrEnum):
    """What doing an action a second time means; it decides what happens after a crash."""

    FREE = "free"
    """It changes nothing: it is simply done again."""
    KEYED = "keyed"
    """Done again with the same key, or onto the same file, it has no second effect."""
    ONCE = "once"
    """A second time is a second effect: it is done again only when its verify does not hold."""


class Params(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of the params of all actions; every field has a description and an example."""


@dataclass(frozen=True, kw_only=True)
class Means:
    """What actions may use; the same for all executions."""

    observer: Observer
    home: Home
    settings: BootSettings
    clock: Clock
    commands: Commands
    keys: KeyRing


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """Which attempt at which step this is."""

    execution_id: str
    workflow: str
    step: str
    number: int
    actor: str
    undoing: bool
    journal_seq: int
    approval: Mapping[str, Any] | None = None

    @property
    def key(self) -> str:
        """The same for the same attempt, also after a crash: what is done twice with it is done once."""
        suffix = f".{self.number}" if self.number > 1 else ""
        return f"{self.execution_id}.{self.step}{'.undo' if self.undoing else ''}{suffix}"


@dataclass(frozen=True, kw_only=True)
class Doing:
    """What one action is given."""

    attempt: Attempt
    means: Means
    patience: Patience
    look: Callable[[], Document]


Outputs = dict[str, Any]


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the table of actions.

    ``outputs`` names what later steps may refer to; None where the params decide. ``run`` does it and
    returns the outputs. ``changes`` says whether anything is different afterwards: what changes nothing
    is what a dry run does.
    """

    name: str
    summary: str
    params: type[Params]
    outputs: Mapping[str, str]
    repeat: Repeat
    run: Callable[[Doing, Any], Outputs]
    named_outputs: Callable[[Mapping[str, Any]], tuple[str, ...]] | None = None
    recall: Callable[[Doing, Any], Outputs] | None = None
    """Returns the outputs of an effect that a crash hid and the verify has found; changes nothing."""
    loosens: bool = False
    """Whether it may allow more risk: a workflow that takes such a step needs a confirmation."""
    literal: tuple[str, ...] = ()
    """Params that take no template: what a caller sends must not choose them."""

    @property
    def changes(self) -> bool:
        """Whether anything is different afterwards."""
        return self.repeat is not Repeat.FREE

    def outputs_of(self, params: Mapping[str, Any]) -> tuple[str, ...]:
        """Return the names of the outputs of a step with these params."""
        named = self.named_outputs(params) if self.named_outputs is not None else ()
        return (*self.outputs, *named)
