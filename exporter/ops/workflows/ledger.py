"""The executions as they stand on the control tape: appended, folded, durable before anything else happens."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from pathlib import Path
from typing import Final, TypeVar

from exporter.ops.workflows import state as fold
from exporter.ops.workflows.patience import Interrupts, Stopping
from trading_bot.contract.codec import Envelope
from trading_bot.contract.errors import NonRetriableError, TickertapeError
from trading_bot.contract.events import Event
from trading_bot.contract.events.observation import SpansRecorded
from trading_bot.contract.events.workflow import WorkflowsCheckpointed
from trading_bot.journal import TapeReader, TapeWriter

T = TypeVar("T")
PAGE: Final = 1_000
CHECKPOINT_EVERY: Final = 500
"""Events; so many more than the kept executions' are read at a start, at most."""
DURABLE_SECONDS: Final = 30.0
AGAIN_SECONDS: Final = 0.5
CLOSED: Final = "JRNL_012"


class Ledger:
    """Appends to the control tape and folds what it appended. For any thread."""

    def __init__(self, tape: TapeWriter, executions: fold.Executions) -> None:
        self._tape = tape
        self._executions = executions
        self._guard = threading.RLock()
        self._since_checkpoint = 0

    @classmethod
    def of_tape(cls, tape: TapeWriter) -> Ledger:
        """Return the ledger of a control tape that was opened before: read back from its last checkpoint on."""
        return cls(tape, recover(tape.path))

    def read(self, function: Callable[[fold.Executions], T]) -> T:
        """Return what the function makes of the executions, called under the lock; it must be short."""
        with self._guard:
            return function(self._executions)

    def append(self, event: Event, *, trace_id: str | None = None, span_id: str | None = None) -> Envelope:
        """Append an event and fold it; it is not durable yet.

        Raises:
            Stopping: the tape is closed.
        """
        with self._guard:
            try:
                envelope = self._tape.append(event, trace_id=trace_id, span_id=span_id)
            except NonRetriableError as error:
                if error.code == CLOSED:
                    raise Stopping from error
                raise
            fold.evolve(self._executions, envelope)
            self._checkpoint_now_and_then()
            return envelope

    def durable(self) -> Future[int]:
        """Return what is done once everything appended so far survives a power loss."""
        return self._tape.make_durable()

    def record(
        self,
        event: Event,
        interrupts: Interrupts,
        *,
        trace_id: str | None = None,
        span_id: str | None = None,
    ) -> Envelope:
        """Append an event and return once it is durable: while the disk takes nothing, nothing goes on.

        Raises:
            Stopping: ops stops.
        """
        envelope = self.append(event, trace_id=trace_id, span_id=span_id)
        while not interrupts.stopping:
            try:
                self._tape.make_durable().result(DURABLE_SECONDS)
            except (TickertapeError, CancelledError, TimeoutError):  # said by /readyz and the tape's fault
                interrupts.pause(AGAIN_SECONDS)
            else:
                return envelope
        raise Stopping

    def spans(self, event: SpansRecorded, trace_id: str | None) -> None:
        """Put spans on the tape; they may be lost."""
        with self._guard:
            self._tape.append(event, trace_id=trace_id)

    def _checkpoint_now_and_then(self) -> None:
        self._since_checkpoint += 1
        if self._since_checkpoint >= CHECKPOINT_EVERY:
            self._since_checkpoint = 0
            self._tape.append(fold.checkpoint(self._executions, self._tape.last + 1))


def recover(path: Path) -> fold.Executions:
    """Return the executions that a control tape tells of, from its last checkpoint on."""
    with TapeReader.open(path) as reader:
        found = reader.last_of(WorkflowsCheckpointed.KIND)
        executions, after = fold.Executions(), 0
        if found is not None and isinstance(found.payload, WorkflowsCheckpointed):
            executions = fold.from_checkpoint(found.payload, found.seq)
            after = max(0, found.payload.read_from - 1)
        while page := reader.read(after, PAGE, fold.KINDS):
            for envelope in page:
                fold.evolve(executions, envelope)
            after = page[-1].seq
        return executions
