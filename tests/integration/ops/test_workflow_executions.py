from __future__ import annotations

import time

import pytest
from support.command import PATIENCE, free_ports, wait_until
from support.workflow_bench import definition, shop, step

from exporter.ops.workflows.library import SHIPPED, Library
from trading_bot.contract.errors import TickertapeError
from trading_bot.contract.events.workflow import ExecutionOutcome
from trading_bot.contract.telemetry import metrics

PAUSE = {"verify": {"within": PATIENCE, "that": ["mode.mode == 'paused'"]}}
UNDO_PAUSE = {
    "compensate": {
        "action": "bot.resume",
        "verify": {"within": PATIENCE, "that": ["mode.mode == 'running'"]},
    }
}
NEVER = {"verify": {"that": ["up == false"]}}


def behind(gate: str, step_id: str, **more):
    """Return a step that ends once the file of that name is in the home, see :func:`opened`."""
    return step(step_id, verify={"within": PATIENCE, "that": [{"file": {"path": gate}}]}, **more)


def opened(here, gate: str) -> None:
    (here.home.path / gate).touch()


def states(execution):
    return {name: one.status.value for name, one in execution.steps.items()}


def test_steps_follow_each_other_and_each_is_proven(tmp_path):
    with shop(tmp_path) as here:
        execution = here.followed(
            here.execute(
                definition(
                    step("look", params={"remember": {"mode": "mode.mode"}}),
                    step("pause", "bot.pause", **PAUSE),
                    step(
                        "resume",
                        "bot.resume",
                        when="steps.look.outputs.mode == 'running'",
                        verify={"within": PATIENCE, "that": ["mode.mode == steps.look.outputs.mode"]},
                    ),
                )
            )
        )
        assert execution.status == "completed"
        assert all(one.evidence and all(e.holds for e in one.evidence) for one in execution.steps.values())
        assert [name for name, _ in here.bot.effects] == ["PauseTrading", "ResumeTrading"]


def test_a_failed_step_is_undone_and_so_is_all_before_it_the_last_first(tmp_path):
    with shop(tmp_path) as here:
        execution = here.followed(
            here.execute(
                definition(
                    step(
                        "one",
                        "export.report",
                        params={"name": "one", "content": {"a": 1}},
                        verify={"that": [{"file": {"path": "${steps.one.outputs.path}"}}]},
                        compensate={
                            "action": "export.discard",
                            "verify": {
                                "that": [
                                    {"file": {"path": "exports/${execution.id}/one.json", "exists": False}}
                                ]
                            },
                        },
                    ),
                    step("two", "bot.pause", **PAUSE, **UNDO_PAUSE),
                    step("three", **NEVER),
                )
            )
        )
        assert execution.status == "compensated"
        assert states(execution) == {"one": "completed", "two": "completed", "three": "failed"}
        written = f"file exports/{execution.execution_id}/one.json"
        assert execution.steps["one"].evidence[0].condition == written
        assert execution.steps["one"].undo.evidence[0].condition == f"{written} is gone"
        assert execution.steps["three"].error.error_code == "WF_008"
        undone = {name: one.undo for name, one in execution.steps.items()}
        assert undone["three"] is None
        assert undone["two"].ended_at < undone["one"].ended_at
        assert here.bench.means.observer.look().mode.mode == "running"
        assert not (here.home.exports / execution.execution_id).exists()


def test_a_step_whose_effect_was_not_seen_is_undone_too(tmp_path):
    with shop(tmp_path) as here:
        here.bot.pretends.add("PauseTrading")
        made = definition(
            step("pause", "bot.pause", verify={"that": ["mode.mode == 'paused'"]}, **UNDO_PAUSE)
        )
        execution = here.followed(here.execute(made))
        assert (execution.status, states(execution)) == ("compensated", {"pause": "failed"})
        assert execution.steps["pause"].undo.status == "completed"


def test_evidence_that_lacks_a_value_shows_the_condition_as_it_was_written_and_says_what_lacks(tmp_path):
    with shop(tmp_path) as here:
        file = {"file": {"path": "exports/${steps.never.outputs.path}"}}
        never = step("never", "export.report", params={"name": "x", "content": {}}, when="up == false")
        looking = step("look", when="up == true", verify={"that": [file]})
        execution = here.followed(here.execute(definition(never, looking)))
        (evidence,) = execution.steps["look"].evidence
        assert (evidence.condition, evidence.holds) == ("file exports/${steps.never.outputs.path}", None)
        assert "there is no value for ${steps.never.outputs.path}" in evidence.message


def test_the_first_failure_of_a_workflow_is_an_increase_because_every_counter_begins_at_0(tmp_path):
    def counts():
        return {
            (family.metric.name, *labels): value
            for family in here.metrics.points()
            for labels, value in family.points
        }

    with shop(tmp_path) as here:
        before = counts()
        for workflow in Library(SHIPPED).all():
            for outcome in ExecutionOutcome:
                assert before[metrics.WORKFLOW_EXECUTIONS.name, workflow.id, outcome] == 0
            assert before[metrics.WORKFLOW_COMPENSATIONS.name, workflow.id] == 0
        execution_id = here.execute(definition(step("pause", "bot.pause", **NEVER, **UNDO_PAUSE)))
        assert counts()[metrics.WORKFLOW_EXECUTIONS.name, "made-here", "compensated"] == 0
        here.followed(execution_id)
        assert counts()[metrics.WORKFLOW_EXECUTIONS.name, "made-here", "compensated"] == 1
        assert counts()[metrics.WORKFLOW_COMPENSATIONS.name, "made-here"] == 1


def test_what_cannot_be_undone_is_a_failure_that_says_so(tmp_path):
    with shop(tmp_path) as here:
        here.bot.refuses.add("ResumeTrading")
        made = definition(step("pause", "bot.pause", **PAUSE, **UNDO_PAUSE), step("never", **NEVER))
        execution = here.followed(here.execute(made))
        assert execution.status == "failed"
        assert execution.error.error_code == "WF_011"
        assert "not now" in execution.message


def test_a_failed_attempt_is_tried_again_after_a_growing_pause(tmp_path):
    with shop(tmp_path) as here:
        here.bot.refuses.add("PauseTrading")
        retry = {"attempts": 10, "backoff": 0.2, "factor": 2}
        execution_id = here.execute(definition(step("pause", "bot.pause", **PAUSE, retry=retry)))
        assert wait_until(lambda: here.execution(execution_id).steps["pause"].attempts >= 2)
        here.bot.refuses.clear()
        execution = here.followed(execution_id)
        assert execution.status == "completed"
        assert 2 <= execution.steps["pause"].attempts <= 10
        assert here.bot.times("PauseTrading") == 1


def test_a_step_ends_at_its_time_limit(tmp_path):
    with shop(tmp_path) as here:
        made = definition(step("wait", "wait", params={"seconds": 30}, timeout=0.3))
        execution = here.followed(here.execute(made))
        assert execution.steps["wait"].error.error_code == "WF_009"


def test_an_execution_ends_at_its_duration_and_is_undone(tmp_path):
    with shop(tmp_path) as here:
        made = definition(
            step("pause", "bot.pause", **PAUSE, **UNDO_PAUSE),
            step("wait", "wait", params={"seconds": 60}),
            max_duration=1.5,
        )
        execution = here.followed(here.execute(made))
        assert (execution.status, execution.error.error_code) == ("compensated", "WF_012")
        assert here.bench.means.observer.look().mode.mode == "running"


def test_a_cancelled_execution_is_undone(tmp_path):
    with shop(tmp_path) as here:
        made = definition(
            step("pause", "bot.pause", **PAUSE, **UNDO_PAUSE), step("wait", "wait", params={"seconds": 60})
        )
        execution_id = here.execute(made)
        assert wait_until(lambda: here.execution(execution_id).steps["wait"].attempts == 1)
        here.desk.cancel(execution_id, actor="somebody", reason="enough").result(60)
        execution = here.followed(execution_id)
        assert (execution.status, execution.cancelled_by) == ("cancelled", "somebody")
        assert here.bench.means.observer.look().mode.mode == "running"
        with pytest.raises(TickertapeError) as refused:
            here.desk.cancel(execution_id, actor="somebody", reason="again")
        assert refused.value.code == "WF_014"


def test_a_step_that_waits_for_a_person_holds_no_place_and_goes_on_when_approved(tmp_path):
    with shop(tmp_path) as here:
        ask = step(
            "ask", "approval", params={"message": "Go on?"}, verify={"that": ["outputs.approved == true"]}
        )
        execution_id = here.execute(definition(ask, step("after")))
        here.reach(execution_id, "waiting_for_approval")
        here.stop()
        here.start()
        assert here.execution(execution_id).status == "waiting_for_approval"
        here.desk.approve(execution_id, approved=True, actor="a person", reason="fine").result(60)
        execution = here.followed(execution_id)
        assert execution.status == "completed"
        assert execution.steps["ask"].outputs["actor"] == "a person"


@pytest.mark.parametrize("how", ["denied", "too late"])
def test_without_an_approval_it_turns_back(tmp_path, how):
    with shop(tmp_path) as here:
        ask = step("ask", "approval", params={"message": "Go on?"}, timeout=300 if how == "denied" else 0.5)
        execution_id = here.execute(definition(step("pause", "bot.pause", **PAUSE, **UNDO_PAUSE), ask))
        here.reach(execution_id, "waiting_for_approval")
        if how == "denied":
            here.desk.approve(execution_id, approved=False, actor="a person", reason="no").result(60)
        execution = here.followed(execution_id)
        assert execution.status == "compensated"
        assert execution.steps["ask"].error.error_code == ("WF_013" if how == "denied" else "WF_009")
        assert here.bench.means.observer.look().mode.mode == "running"


def test_parallel_steps_run_together_and_a_background_step_holds_up_nobody(tmp_path):
    with shop(tmp_path) as here:
        made = definition(
            behind("evening", "long", mode="background"),
            behind("noon", "left", mode="parallel"),
            behind("noon", "right", mode="parallel"),
            step("after"),
        )
        execution_id = here.execute(made)
        steps = here.execution(execution_id).steps
        assert wait_until(lambda: steps["left"].attempts == steps["right"].attempts == 1)
        assert steps["after"].attempts == 0
        opened(here, "noon")
        assert wait_until(lambda: steps["after"].status == "completed")
        opened(here, "evening")
        execution = here.followed(execution_id)
        steps = execution.steps
        assert execution.status == "completed"
        assert steps["right"].started_at < steps["left"].ended_at
        assert steps["left"].started_at < steps["right"].ended_at
        assert steps["after"].started_at >= max(steps["left"].ended_at, steps["right"].ended_at)
        assert steps["after"].ended_at < steps["long"].ended_at


def test_a_second_execution_is_refused_or_waits_as_the_definition_says(tmp_path):
    with shop(tmp_path) as here:
        slow = behind("gate", "wait")
        first = here.execute(definition(slow))
        with pytest.raises(TickertapeError) as refused:
            here.execute(definition(slow))
        assert refused.value.code == "WF_004"
        opened(here, "gate")
        here.followed(first)
        queue = definition(behind("other gate", "wait"), concurrency="queue")
        one, two = here.execute(queue), here.execute(queue)
        here.reach(one, "running")
        assert here.execution(two).status == "queued"
        opened(here, "other gate")
        here.followed(one)
        execution = here.followed(two)
        assert execution.started_at >= here.execution(one).ended_at


def test_the_same_request_again_starts_nothing_twice(tmp_path):
    with shop(tmp_path) as here:
        made = definition(
            step("look"),
            parameters={"n": {"type": "integer", "description": "n", "examples": [1], "default": 1}},
        )
        first = here.execute(made, idempotency_key="k")
        here.followed(first)
        assert here.execute(made, idempotency_key="k") == first
        here.stop()
        here.start()
        assert here.execute(made, idempotency_key="k") == first
        with pytest.raises(TickertapeError) as refused:
            here.execute(made, {"n": 2}, idempotency_key="k")
        assert refused.value.code == "WF_015"


def test_what_ops_left_goes_on_after_a_restart_and_nothing_is_done_twice(tmp_path):
    with shop(tmp_path) as here:
        made = definition(
            step("pause", "bot.pause", **PAUSE, **UNDO_PAUSE),
            step("wait", "wait", params={"seconds": 0.5}),
            step("resume", "bot.resume", verify={"within": PATIENCE, "that": ["mode.mode == 'running'"]}),
        )
        execution_id = here.execute(made)
        for _ in range(4):
            time.sleep(0.15)
            here.stop()
            here.start()
        execution = here.followed(execution_id)
        assert execution.status == "completed"
        assert (here.bot.times("PauseTrading"), here.bot.times("ResumeTrading")) == (1, 1)


def test_an_effect_that_came_while_ops_was_away_is_found_and_not_made_again(tmp_path):
    with shop(tmp_path) as here:
        here.bot.deaf = True
        execution_id = here.execute(definition(step("pause", "bot.pause", **PAUSE)))
        assert wait_until(lambda: here.execution(execution_id).steps["pause"].attempts == 1)
        assert wait_until(here.bench.means.commands.last)
        here.stop()
        here.bot.deaf = False
        assert wait_until(lambda: here.bot.times("PauseTrading") == 1)
        here.start()
        execution = here.followed(execution_id)
        assert (execution.status, execution.steps["pause"].recovered) == ("completed", True)
        assert execution.steps["pause"].outputs["command_id"]
        assert here.bot.times("PauseTrading") == 1


def test_a_prometheus_that_does_not_answer_is_a_finding_where_its_answer_is_optional(tmp_path):
    url = f"http://127.0.0.1:{free_ports(1)[0]}"
    asking = {"params": {"query": "up", "optional": True}, "verify": {"that": ["outputs.configured == true"]}}
    with shop(tmp_path, prometheus_url=url) as here:
        execution = here.followed(here.execute(definition(step("ask", "prometheus.query", **asking))))
        assert execution.status == "completed"
        assert execution.steps["ask"].outputs["value"] is None
        assert url in execution.steps["ask"].outputs["error"]
        del asking["params"]["optional"]
        execution = here.followed(here.execute(definition(step("ask", "prometheus.query", **asking))))
        assert execution.steps["ask"].error.error_code == "WF_010"


def test_an_execution_goes_on_by_the_definition_it_began_with(tmp_path):
    with shop(tmp_path) as here:
        here.home.workflows.mkdir()
        file = here.home.workflows / "own.yaml"
        text = (
            "id: own\nname: Own\ndescription: Own.\nrisk: safe\nsteps:\n"
            "  - {id: wait, description: w, action: wait, params: {seconds: 1}, verify: {that: [up == true]}}\n"
        )
        file.write_text(text)
        here.desk.library.refresh()
        execution_id = here.execute("own")
        file.write_text(text.replace("id: wait", "id: other"))
        here.stop()
        here.start()
        assert list(here.followed(execution_id).steps) == ["wait"]
        assert here.desk.workflow("own").steps[0].id == "other"


def test_nothing_goes_on_before_the_journal_has_been_read(tmp_path, monkeypatch):
    with shop(tmp_path) as here:
        observer = here.bench.means.observer
        monkeypatch.setattr(type(observer), "caught_up", property(lambda _self: False))
        execution_id = here.execute(definition(step("look")))
        time.sleep(1.2)
        assert here.execution(execution_id).status == "queued"
        monkeypatch.undo()
        assert here.followed(execution_id).status == "completed"


def test_a_verdict_says_which_points_do_not_hold_and_what_was_found(tmp_path):
    points = {"alive": "up == true", "paused": "mode.mode == 'paused'", "worth": "account.equity > 0"}
    with shop(tmp_path) as here:
        made = definition(
            step("judge", "judge", params={"points": points}, verify={"that": ["known(outputs.verdict)"]}),
            result="${steps.judge.outputs.message}",
        )
        execution = here.followed(here.execute(made))
        outputs = execution.steps["judge"].outputs
        assert (execution.status, outputs["verdict"]) == ("completed", "unhealthy")
        assert outputs["failed"] == ["paused"]
        assert "paused (mode.mode is 'running')" in execution.message
        assert execution.message == outputs["message"]
        assert [point["holds"] for point in outputs["points"]][:2] == [True, False]


def test_a_verdict_is_healthy_where_all_holds_and_unknown_where_that_cannot_be_told(tmp_path):
    def judged(here, points):
        judge = step("judge", "judge", params={"points": points}, verify={"that": ["known(outputs.verdict)"]})
        return here.followed(here.execute(definition(judge))).steps["judge"].outputs

    with shop(tmp_path) as here:
        assert judged(here, {"alive": "up == true"})["message"] == "healthy: all points hold (1)"
        found = judged(here, {"alive": "up == true", "drawdown": "breakers.max_drawdown != ''"})
        assert (found["verdict"], found["unknown"]) == ("unknown", ["drawdown"])


def test_a_result_that_speaks_of_a_skipped_step_is_the_count_of_steps(tmp_path):
    with shop(tmp_path) as here:
        look = step("look", params={"remember": {"mode": "mode.mode"}}, when="up == false")
        made = definition(step("first"), look, result="${steps.look.outputs.mode}")
        execution = here.followed(here.execute(made))
        assert (execution.status, execution.message) == ("completed", "1 of 2 steps completed")


def test_a_look_that_would_outlast_its_step_fails_at_once_and_says_so(tmp_path):
    with shop(tmp_path) as here:
        watch = {"watch": {"health": "health"}, "every": 300, "looks": 58}
        execution = here.followed(here.execute(definition(step("watch", "observe", params=watch))))
        error = execution.steps["watch"].error
        assert (execution.status, error.error_code) == ("compensated", "WF_010")
        assert "58 looks every 300 s take 17100 s" in error.message
