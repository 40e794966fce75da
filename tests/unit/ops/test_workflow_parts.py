"""The pure parts of workflows: conditions, templates, order, what comes next, triggers, schedules."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
import yaml
from support.workflow_bench import definition, step

from exporter.ops.parameters import Fault
from exporter.ops.workflows import expressions, templates, verdicts
from exporter.ops.workflows.definition import Schedule, dependencies_of, of_document
from exporter.ops.workflows.library import SHIPPED, Library, load
from exporter.ops.workflows.patience import Interrupts, Patience, Stopping
from exporter.ops.workflows.planning import End, Reverse, Run, Suspend, Undo, Wait, next_moves
from exporter.ops.workflows.schedule import Scheduler, next_time
from exporter.ops.workflows.state import Execution, Executions, Progress, Reversal, StepState, StepStatus
from exporter.ops.workflows.triggers import (
    TriggerRule,
    Triggers,
    TriggerTable,
    decide,
    faults_of_file,
    faults_with,
    load_table,
    table_of,
)
from exporter.ops.workflows.validation import parameter_values, validated
from trading_bot.boot.sessions import shipped_hours
from trading_bot.contract.errors import TickertapeError
from trading_bot.contract.events.workflow import AlertReceived, ExecutionOutcome, Trigger
from trading_bot.contract.settings import Session, Settings, SmaCross
from trading_bot.domain.clock import SECOND, ManualClock

ROOT = Path(__file__).parents[3]
DOCUMENT = {
    "up": True,
    "mode": {"mode": "running"},
    "equity": None,
    "loss": Decimal("-12.50"),
    "holdings": {"EUR/USD": Decimal("1.50"), "GOOGL/USD": Decimal(2)},
    "orders": [{"state": "open"}, {"state": "open"}],
    "parameters": {"symbol": "EUR/USD"},
}


def holds(text: str) -> bool | None:
    return verdicts.evaluate(expressions.parse(text), DOCUMENT).holds


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("up", True),
        ("not up", False),
        ("up == true and mode.mode == 'running'", True),
        ('mode.mode in ["paused", "halted"]', False),
        ("loss < -12", True),
        ("loss == -12.5", True),
        ("holdings[parameters.symbol] == 1.5", True),
        ("holdings['GOOGL/USD'] >= 2", True),
        ("holdings == holdings", True),
        ("count(orders) == 2", True),
        ("orders.*.state == 'open'", True),
        ("orders.*.state == 'filled'", False),
        ("orders.0.state == 'open'", True),
        ("known(equity)", False),
        ("not known(holdings['X/USD']) or up == false", True),
        ("equity > 0", None),
        ("not equity > 0", None),
        ("equity > 0 or up", True),
        ("equity > 0 and not up", False),
        ("equity == null", True),
        ("nothing.here == 1", None),
        ("mode.mode < 3", None),
    ],
)
def test_a_condition_holds_or_does_not_or_is_not_known(text, expected):
    assert holds(text) is expected


def test_a_verdict_tells_what_was_found_and_what_is_not_there():
    verdict = verdicts.evaluate(expressions.parse("equity > 0 and gone.away == 1"), DOCUMENT)
    assert verdict.found == {"equity": None, "gone.away": None}
    assert verdict.message == "there is no gone.away"


@pytest.mark.parametrize(
    "text", ["", "up ==", "up = 1", "(up", "up)", "a.b.", "import os", "f(up)", "up; up", "1 2"]
)
def test_what_is_no_condition_is_refused(text):
    with pytest.raises(expressions.NotACondition):
        expressions.parse(text)


def test_a_template_keeps_the_type_of_its_value_and_is_text_inside_of_text():
    find = templates.finder({"parameters": {"n": 3, "s": "${parameters.n}"}})
    resolved = templates.resolve(
        {"a": "${parameters.n}", "b": "n=${parameters.n} $${x}", "c": "${parameters.s}"}, find
    )
    assert resolved == {"a": 3, "b": "n=3 ${x}", "c": "${parameters.n}"}
    with pytest.raises(TickertapeError) as missing:
        templates.resolve("${parameters.gone}", find)
    assert missing.value.code == "WF_017"


def faults_of(document) -> dict[str, str]:
    workflow, faults = validated(document)
    assert workflow is None
    assert all(fault.example is not None for fault in faults)
    return {fault.field: f"{fault.expected} / {fault.found}" for fault in faults}


@pytest.mark.parametrize(
    ("document", "field", "words"),
    [
        (definition(step("a", "fly")), "steps[0].action", "check"),
        (definition({**step("a"), "verify": None}), "steps[0].verify", ""),
        (definition({k: v for k, v in step("a").items() if k != "verify"}), "steps[0].verify", "nothing"),
        (definition(step("a", depends_on=["b"]), step("b", depends_on=["a"])), "steps[0].depends_on", "a -> b -> a"),
        (definition(step("a", depends_on=["z"])), "steps[0].depends_on", "'z'"),
        (definition(step("a"), step("a")), "steps[1].id", "no other step"),
        (definition(step("a", "export.report", params={"name": "x", "content": {"v": "${parameters.z}"}})),
         "steps[0].params.content", "${parameters.z}"),
        (definition(step("a", "export.report", params={"name": "x", "content": {"v": "${steps.b.outputs.x}"}}),
                    step("b", params={"remember": {"x": "up"}})), "steps[0].params.content", "steps.b"),
        (definition(step("a", "bot.pause", params={"resaon": "x"})), "steps[0].params.resaon", "unknown"),
        (definition(step("a", verify={"that": ["mod.mode == 1"]})), "steps[0].verify.that[0]", "mod.mode"),
        (definition(step("a", verify={"that": ["up ="]})), "steps[0].verify.that[0]", "cannot read"),
        (definition(step("a", verify={"that": [{"event": {"kind": "bot.raedy"}}]})),
         "steps[0].verify.that[0].event.kind", "bot.raedy"),
        (definition(step("a", verify={"that": [{"file": {"path": "../x"}}]})),
         "steps[0].verify.that[0].file.path", "inside the home"),
        (definition(step("a", verify={"that": [{}]})), "steps[0].verify.that[0]", "exactly one"),
        (definition(step("a", "judge", params={"points": {"x": "mod.mode == 1"}})), "steps[0].params", "mod.mode"),
        (definition(step("a"), result="${steps.b.outputs.x}"), "result", "${steps.b.outputs.x}"),
        (definition(step("a", timeout=4000)), "steps[0].timeout", "1800"),
        (definition(step("a", "tickertape", params={"command": "doctor", "arguments": ["${execution.id}"]})),
         "steps[0].params.arguments", "no template"),
        (definition(step("a", "notify.webhook", params={"url": "file:///etc/passwd", "body": {}})),
         "steps[0].params.url", ""),
        (definition(step("a", "bot.reset_breaker", params={"breaker": "x"})), "risk", "confirm"),
        (definition(step("a"), risk="confirm", schedule={"cron": "* * * * *"}), "schedule", "risk: safe"),
        (definition(step("a"), schedule={"cron": "61 * * * *"}), "schedule.cron", "five fields"),
        (definition(step("a"), parameters={"api_token": {"type": "string", "description": "x", "examples": ["y"]}}),
         "parameters.api_token", "secret"),
        (definition(step("a"), parameters={"n": {"type": "integer", "description": "x", "examples": ["y"]}}),
         "parameters.n.examples[0]", "integer"),
        (definition(step("a"), parameters={"n": {"type": "string", "description": "x", "examples": ["aa"],
                                                 "pattern": "^(a+)+$"}}), "parameters.n.pattern", "groups"),
        (definition(*[step(f"s{n}") for n in range(21)]), "steps", "20"),
        (definition(), "steps", "1"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_field(document, field, words):
    faults = faults_of(document)
    assert field in faults, faults
    assert words in faults[field]


def test_the_example_in_the_documentation_is_valid(tmp_path):
    text = (ROOT / "docs" / "workflows.md").read_text().split("```yaml\n")[1].split("```")[0]
    file = tmp_path / "pause-for-maintenance.yaml"
    file.write_text(text)
    assert load(file).faults == ()


def test_a_file_is_refused_whose_aliases_make_it_large_or_whose_keys_come_twice(tmp_path):
    for text in ("a: &a [x]\nb: [*a, *a]\n", "id: a\nid: b\n", "{: :", "\x00"):
        file = tmp_path / "bad.yaml"
        file.write_text(text)
        assert load(file).workflow is None


def test_a_file_that_is_removed_while_it_is_read_is_gone_and_not_wrong(tmp_path):
    class Late(Library):
        """Reads after the files were removed."""

        def _paths(self):
            found = super()._paths()
            for path in found:
                path.unlink()
            return found

    (tmp_path / "made-here.yaml").write_text(yaml.safe_dump(definition(step("a"))))
    assert Library(tmp_path).get("made-here").workflow is not None
    assert Late(tmp_path).all() == []


def test_parameters_get_their_defaults_and_every_fault_is_named():
    workflow = of_document(
        definition(
            step("a"),
            parameters={
                "n": {"type": "integer", "description": "n", "examples": [1], "default": 7, "maximum": 9},
                "s": {"type": "string", "description": "s", "examples": ["x"]},
            },
        )
    )
    assert parameter_values(workflow, {"s": "y"}) == ({"n": 7, "s": "y"}, [])
    fields = {fault.field for fault in parameter_values(workflow, {"n": 10, "x": 1})[1]}
    assert fields == {"parameters.n", "parameters.s", "parameters.x"}


def test_steps_wait_for_what_stands_before_them_and_parallel_ones_not_for_each_other():
    workflow = of_document(
        definition(
            step("a"),
            step("b", mode="background"),
            step("c", mode="parallel"),
            step("d", mode="parallel"),
            step("e"),
            step("f", depends_on=["a"]),
        )
    )
    assert dependencies_of(workflow.steps) == {
        "a": (), "b": ("a",), "c": ("a",), "d": ("a",), "e": ("a", "c", "d"), "f": ("a",),
    }  # fmt: skip


def execution(*steps, **more) -> Execution:
    workflow = of_document(definition(*steps, **more))
    return Execution(
        execution_id="e", workflow=workflow, definition_hash="", parameters={}, actor="test",
        started_by=Trigger.REQUEST, reason="", idempotency_key=None, incident=None, requested_at=0, first_seq=1,
        trace_id=None, parent_span_id=None, steps={one.id: StepState() for one in workflow.steps}, started_at=0,
    )  # fmt: skip


def done(at: int = 1, **more) -> StepState:
    return StepState(
        status=StepStatus.COMPLETED, attempts=1, attempt_at=at, started_at=at, ended_at=at, **more
    )


UNDO = {"compensate": {"action": "bot.resume", "verify": {"that": ["up"]}}}


def test_what_comes_next_goes_forward_one_after_the_other():
    one = execution(step("a"), step("b", mode="parallel"), step("c", mode="parallel"), step("d"))
    assert next_moves(one, frozenset(), 1) == [Run("a")]
    assert next_moves(one, frozenset({"a"}), 1) == [Wait()]
    one.steps["a"] = done()
    assert next_moves(one, frozenset(), 1) == [Run("b"), Run("c")]
    one.steps["b"] = done()
    assert next_moves(one, frozenset({"c"}), 1) == [Wait()]
    one.steps["c"] = StepState(status=StepStatus.SKIPPED)
    assert next_moves(one, frozenset(), 1) == [Run("d")]
    one.steps["d"] = done()
    assert isinstance(next_moves(one, frozenset(), 1)[0], End)


def test_what_comes_next_after_a_failure_is_to_turn_and_undo_the_last_first():
    one = execution(step("a", "bot.pause", **UNDO), step("b", "bot.pause", **UNDO), step("c"))
    one.steps["a"], one.steps["b"] = done(1), done(2)
    one.steps["c"] = StepState(status=StepStatus.FAILED, attempts=1, attempt_at=3)
    turned = next_moves(one, frozenset(), 5)[0]
    assert isinstance(turned, Reverse)
    one.reversal = Reversal(reason=turned.reason, message=turned.message, error=None)
    assert next_moves(one, frozenset({"b"}), 5) == [Wait()]
    assert next_moves(one, frozenset(), 5) == [Undo("b")]
    one.steps["b"].undo = Progress(status=StepStatus.COMPLETED)
    assert next_moves(one, frozenset(), 5) == [Undo("a")]
    one.steps["a"].undo = Progress(status=StepStatus.COMPLETED)
    assert next_moves(one, frozenset(), 5)[0].outcome is ExecutionOutcome.COMPENSATED
    one.steps["a"].undo = Progress(status=StepStatus.FAILED)
    assert next_moves(one, frozenset(), 5)[0].outcome is ExecutionOutcome.FAILED


def test_a_definition_that_says_stop_undoes_nothing():
    one = execution(step("a", "bot.pause", **UNDO), step("b"), on_failure="stop")
    one.steps["a"] = done()
    one.reversal = Reversal(reason="StepFailed", message="m", error=None)
    assert next_moves(one, frozenset(), 5)[0].outcome is ExecutionOutcome.FAILED


def test_an_execution_that_waits_for_a_person_is_suspended_until_its_time_is_over():
    one = execution(step("ask", "approval", params={"message": "?"}, timeout=10))
    one.steps["ask"] = StepState(status=StepStatus.RUNNING, attempts=1, attempt_at=0)
    assert next_moves(one, frozenset(), SECOND) == [Suspend()]
    assert next_moves(one, frozenset(), 11 * SECOND) == [Run("ask")]


def received(
    name: str = "BotDown", incident: str = "i1", status: str = "firing", **labels: str
) -> AlertReceived:
    return AlertReceived(
        incident=incident, status=status, name=name, labels={"severity": "critical", **labels}, annotations={},
        starts_at=1, ends_at=None, workflow=None, reason="",
    )  # fmt: skip


def test_an_alert_starts_what_the_table_says_with_cool_down_and_cap():
    table = TriggerTable(
        triggers=[
            TriggerRule(alert="Quiet", workflow="restart-bot"),
            TriggerRule(alert="*", workflow="check-health", enabled=True, severities=["critical"], cool_down=60,
                        daily_cap=2),
        ]
    )  # fmt: skip
    state, now = Executions(), 1_000_000 * SECOND
    assert decide(table, received(), state, now).workflow == "check-health"
    assert decide(table, received(status="resolved"), state, now).reason == "Resolved"
    assert decide(table, received(severity="info"), state, now).reason == "NoTrigger"
    state.triggered["check-health"] = (now - 30 * SECOND,)
    assert decide(table, received(), state, now).reason == "CoolDown"
    state.triggered["check-health"] = (now - 900 * SECOND, now - 600 * SECOND)
    assert decide(table, received(), state, now).reason == "DailyCap"
    state.triggered["check-health"] = (now - 90_000 * SECOND, now - 600 * SECOND)
    assert decide(table, received(), state, now).reason == "Triggered"


def test_only_check_health_is_on_in_the_shipped_table_and_every_entry_can_be_started():
    table, faults = load_table(SHIPPED)
    assert not faults
    assert [rule.workflow for rule in table.triggers if rule.enabled] == ["check-health"]
    assert faults_with(table, Library(SHIPPED)) == []
    wrong, _ = table_of({"triggers": [{"alert": "*", "workflow": "flatten-and-pause"}]})
    assert faults_with(wrong, Library(SHIPPED))[0].field == "triggers[0].workflow"


RULE = "  - {{alert: BotDown, workflow: {}, enabled: true}}\n"


def test_the_table_is_read_anew_when_its_file_changes_and_a_broken_one_leaves_the_old_in_force(tmp_path):
    told: list[list[Fault]] = []
    library = Library(SHIPPED, tmp_path)
    triggers = Triggers(library, told.append, SHIPPED, tmp_path)
    shipped = triggers.table
    assert [rule.workflow for rule in shipped.triggers if rule.enabled] == ["check-health"]
    own = tmp_path / "triggers.yaml"
    own.write_text("triggers:\n" + RULE.format("export-logs"))
    triggers.refresh()
    accepted = triggers.table
    assert [rule.workflow for rule in accepted.triggers] == ["export-logs"]
    own.write_text("triggers:\n  - {alert: BotDown, workflow: export-logs, cool_down: -1}\n")
    for _ in range(3):
        triggers.refresh()
    assert triggers.table is accepted
    assert [[fault.field for fault in faults] for faults in told] == [["triggers[0].cool_down"]]
    assert [fault.field for fault in triggers.faults] == ["triggers[0].cool_down"]
    own.unlink()
    triggers.refresh()
    assert (triggers.table, triggers.faults) == (shipped, ())


def test_a_table_that_names_a_workflow_to_come_is_in_force_once_the_workflow_is_there(tmp_path):
    told: list[list[Fault]] = []
    (tmp_path / "triggers.yaml").write_text("triggers:\n" + RULE.format("made-here"))
    library = Library(SHIPPED, tmp_path)
    triggers = Triggers(library, told.append, SHIPPED, tmp_path)
    assert triggers.table.triggers == []
    (tmp_path / "made-here.yaml").write_text(yaml.safe_dump(definition(step("look"))))
    library.refresh()
    triggers.refresh()
    assert [rule.workflow for rule in triggers.table.triggers] == ["made-here"]
    assert len(told) == 1


def test_a_file_of_triggers_is_checked_as_one(tmp_path):
    assert faults_of_file(SHIPPED / "triggers.yaml") == []
    assert faults_of_file(SHIPPED / "check-health.yaml") == []
    wrong = tmp_path / "triggers.yaml"
    wrong.write_text("triggers:\n" + RULE.format("flatten-and-pause"))
    assert [fault["field"] for fault in faults_of_file(wrong)] == ["triggers[0].workflow"]


def test_a_schedule_starts_what_is_due_only_while_its_market_is_as_it_says(tmp_path):
    document = definition(step("a"), schedule={"cron": "0 * * * *", "symbol": "EUR/USD", "session": "open"})
    (tmp_path / "made-here.yaml").write_text(yaml.safe_dump(document))
    clock = ManualClock(1_750_075_200 * SECOND + SECOND)  # a Monday, 12:00:01 UTC
    started: list[str] = []
    hours = Session(opens="09:00", closes="14:00")
    settings = Settings(
        symbols=("EUR/USD",), strategies={"x": SmaCross(symbols=("EUR/USD",))}, sessions={"EUR/USD": hours}
    )
    scheduler = Scheduler(
        Library(tmp_path), clock, shipped_hours(), lambda: settings, lambda one: started.append(one.id)
    )
    for _ in range(5 * 60):
        scheduler.look()
        clock.advance(60)
    assert len(started) == 1, started  # 13:00; at 14:00 and later the market is closed
    clock.advance(24 * 3600)
    scheduler.look()
    assert len(started) == 1  # what passed in the night is left out


def test_the_next_moment_of_a_schedule_is_in_its_time_zone():
    noon = Schedule(cron="0 12 * * *", time_zone="Asia/Tokyo")
    assert next_time(noon, 1_750_075_200 * SECOND) == 1_750_129_200 * SECOND


def test_waiting_ends_by_the_limit_by_a_turn_and_by_a_stop():
    interrupts = Interrupts()
    with pytest.raises(TickertapeError) as late:
        Patience(interrupts, 0.05).wait(5)
    assert late.value.code == "WF_009"
    interrupts.reverse()
    with pytest.raises(TickertapeError) as turned:
        Patience(interrupts, 5).wait(5)
    assert turned.value.code == "WF_013"
    Patience(interrupts, 5, undoing=True).wait(0.01)
    interrupts.stop()
    with pytest.raises(Stopping):
        Patience(interrupts, 5, undoing=True).wait(5)


def test_a_definition_survives_the_tape():
    for loaded in Library(SHIPPED).all():
        document = msgspec.json.decode(msgspec.json.encode(loaded.workflow))
        assert of_document(document) == loaded.workflow


def test_each_parameter_that_is_missing_is_named_once():
    workflow = load(SHIPPED / "update-targets.yaml").workflow
    _, faults = parameter_values(workflow, {})
    assert [one.field for one in faults] == [
        "parameters.stop_loss_pct",
        "parameters.symbol",
        "parameters.take_profit_pct",
    ]
