from __future__ import annotations

from exporter.ops.representations.incident import CHANGES, CONTROL_CHANGES, WORDS
from trading_bot.contract.events import EVENTS
from trading_bot.contract.events.workflow import (
    ExecutionOutcome,
    Trigger,
    WorkflowEnded,
    WorkflowRequested,
)


def test_an_incident_names_the_workflow_and_who_asked_for_it():
    asked = WorkflowRequested(
        execution_id="d69a",
        workflow="restart-bot",
        definition={},
        definition_hash="0",
        parameters={},
        actor="operate-key",
        started_by=Trigger.REQUEST,
        reason="a new release",
    )
    ended = WorkflowEnded(execution_id="d69a", outcome=ExecutionOutcome.COMPLETED, message="7 of 7 steps")
    assert WORDS[asked.KIND](asked) == "restart-bot (execution d69a) by operate-key: a new release"
    assert WORDS[ended.KIND](ended) == "execution d69a completed: 7 of 7 steps"
    assert {asked.KIND, ended.KIND} <= set(CONTROL_CHANGES)


def test_every_kind_of_change_is_an_event():
    assert {*CHANGES, *CONTROL_CHANGES, *WORDS} <= set(EVENTS)
