"""A dry run: every template resolved as far as it can be, the checks really made, nothing changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from exporter.ops.workflows import expressions, templates, verdicts
from exporter.ops.workflows.actions import ACTIONS
from exporter.ops.workflows.actions.definition import Attempt, Doing, Means
from exporter.ops.workflows.definition import Step, Workflow, dependencies_of
from exporter.ops.workflows.document import Document, ExecutionFacts, StepFacts, whole
from exporter.ops.workflows.patience import Interrupts, Patience
from exporter.ops.workflows.proofs import Prover, holds, words
from trading_bot.contract.errors import NonRetriableError, TickertapeError
from trading_bot.contract.events.workflow import Evidence

DRY_RUN: Final = "dry-run"
CHECK: Final = "check"
SECONDS: Final = 15.0


class RehearsedStep(msgspec.Struct, frozen=True, kw_only=True):
    """What one step would do.

    ``would`` is ``checked`` where it was really looked at, ``run`` where it would be done, ``skip`` where
    its ``when`` does not hold, ``depends`` where that is known only then.
    """

    id: str
    action: str
    would: str
    changes: bool
    arguments: dict[str, Any]
    evidence: tuple[Evidence, ...]


class Rehearsal:
    """Goes through a workflow without changing anything."""

    def __init__(self, workflow: Workflow, parameters: dict[str, Any], means: Means, actor: str) -> None:
        self._workflow = workflow
        self._parameters = parameters
        self._means = means
        self._actor = actor
        self._outputs: dict[str, dict[str, Any]] = {}

    def run(self) -> list[RehearsedStep]:
        """Return what each step would do.

        Raises:
            NonRetriableError: WF_006, a check that comes before any change does not hold.
        """
        waits = dependencies_of(self._workflow.steps)
        return [
            self._step(step, all(name in self._outputs for name in waits[step.id]))
            for step in self._workflow.steps
        ]

    def _step(self, step: Step, comes_first: bool) -> RehearsedStep:  # noqa: FBT001 - called once, above
        evidence: tuple[Evidence, ...] = ()
        would = self._would(step)
        arguments = templates.resolve(step.params, self._find)
        if comes_first and step.action == CHECK and would == "run":
            would, evidence = "checked", self._check(step)
        return RehearsedStep(
            id=step.id,
            action=step.action,
            would=would,
            changes=ACTIONS[step.action].changes,
            arguments=arguments,
            evidence=evidence,
        )

    def _would(self, step: Step) -> str:
        if step.when is None:
            return "run"
        node = expressions.parse(step.when)
        names = [path.parts[1] for path in expressions.paths(node) if path.parts[0] == "steps"]
        if any(name not in self._outputs for name in names):
            return "depends"
        return "run" if verdicts.evaluate(node, self._document({})).holds else "skip"

    def _check(self, step: Step) -> tuple[Evidence, ...]:
        attempt = Attempt(
            execution_id=DRY_RUN,
            workflow=self._workflow.id,
            step=step.id,
            number=1,
            actor=self._actor,
            undoing=False,
            journal_seq=self._means.observer.journal_seq,
        )
        doing = Doing(
            attempt=attempt,
            means=self._means,
            patience=Patience(Interrupts(), SECONDS),
            look=lambda: self._document({}),
        )
        prover = Prover(doing, self._document, self._facts)
        try:
            prover.outputs = ACTIONS[CHECK].run(doing, msgspec.convert(step.params, ACTIONS[CHECK].params))
            evidence = prover.once(step.verify)
        except TickertapeError as error:
            raise self._refused(step, error.message, prover.last) from error
        if not holds(evidence):
            raise self._refused(step, words(evidence), evidence)
        self._outputs[step.id] = prover.outputs
        return evidence

    def _refused(self, step: Step, why: str, evidence: tuple[Evidence, ...]) -> NonRetriableError:
        message = f"{self._workflow.id} is not possible now: step {step.id}: {why}"
        return NonRetriableError("WF_006", message, step=step.id, evidence=msgspec.to_builtins(evidence))

    def _find(self, source: str) -> Any:
        try:
            return templates.finder(self._facts({}))(source)
        except TickertapeError:
            return f"${{{source}}}"  # known only when it runs

    def _facts(self, _own: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "parameters": self._parameters,
            "steps": {name: {"outputs": outputs} for name, outputs in self._outputs.items()},
            "execution": {"id": DRY_RUN, "workflow": self._workflow.id},
        }

    def _document(self, own: Mapping[str, Any]) -> Document:
        return whole(
            self._means.observer.look(),
            parameters=self._parameters,
            steps={
                name: StepFacts(state="completed", outputs=found) for name, found in self._outputs.items()
            },
            outputs=dict(own),
            execution=ExecutionFacts(id=DRY_RUN, workflow=self._workflow.id, age=0.0),
        )
