"""How an execution looks at a terminal."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest
from rich.console import Console

from trading_bot.cli.workflow_view import picture, print_outcome, print_steps, words

NOW = datetime(2026, 11, 22, 8, 0, 10, tzinfo=UTC)


def step(step_id: str, state: str, **more) -> dict:
    return {
        "id": step_id, "state": state, "description": f"{step_id} is done.", "action": "check", "attempts": 1,
        "started_at": None, "duration_seconds": None, "arguments": {}, "evidence": [], "error": None,
        "undo": None, **more,
    }  # fmt: skip


def seen(condition: str, *, holds: bool, **found) -> dict:
    return {"condition": condition, "holds": holds, "found": found, "message": None}


FAILED = {
    "error_code": "WF_008",
    "message": f"not seen: orders.unknown == 0 (orders.unknown is 7) {'x' * 200}",
}
EXECUTION = {
    "workflow_id": "restart-bot",
    "execution_id": "0123456789abcdef",
    "state": "compensating",
    "message": "",
    "duration_seconds": 12.34,
    "waiting_for": None,
    "steps": [
        step("look", "completed", duration_seconds=0.02, evidence=[seen("up == true", holds=True)]),
        step("a_step_with_quite_a_long_name", "failed", duration_seconds=8.0, error=FAILED,
             evidence=[seen("orders.unknown == 0", holds=False, **{"orders.unknown": 7})]),
        step("drain", "completed", duration_seconds=1.0, undo={"action": "bot.resume", "state": "running"}),
        step("restart", "running", started_at="2026-11-22T08:00:07.500000Z", attempts=2),
        step("decide", "pending"),
    ],
}  # fmt: skip


def lines(width: int, **more) -> list[str]:
    out = io.StringIO()
    Console(file=out, width=width).print(picture({**EXECUTION, **more}, NOW))
    return out.getvalue().splitlines()


@pytest.mark.parametrize("width", [60, 80, 120])
def test_every_step_has_one_line_however_narrow_the_terminal_is(width):
    shown = lines(width)
    assert len(shown) == 1 + len(EXECUTION["steps"])
    assert all(len(line) <= width for line in shown)
    assert shown[0].split() == ["restart-bot", "0123456789abcdef", "compensating", "12.3", "s"]
    assert [line.split()[0] for line in shown[1:]] == [one["state"] for one in EXECUTION["steps"]]
    assert "a_step_with_quite_a_long_name     8.0 s  " in shown[2]
    assert shown[2].rstrip().endswith("…")


def test_a_step_says_what_it_does_while_it_runs_and_how_long_it_has_been_at_it():
    assert "2.5 s  attempt 2: restart is done." in lines(120)[4]
    assert "undone by bot.resume: running" in lines(120)[3]
    assert "1 of 1 conditions hold" in lines(120)[1]
    assert "decide is done." in lines(120)[5]


def test_ops_that_is_away_is_said_beside_what_was_known_last():
    assert "ops is away" in lines(120, away=True)[0]


def test_a_step_that_waits_says_what_is_asked_and_one_left_out_says_why():
    waiting = step("ask", "waiting_for_approval", arguments={"message": "Trade live?"})
    assert words(waiting) == "Trade live?"
    skipped = step("hold", "skipped", evidence=[seen("orders.unknown > 0", holds=False)])
    assert words(skipped) == "not needed: orders.unknown > 0"


def test_what_failed_is_printed_with_what_was_found_instead(capsys):
    print_outcome({**EXECUTION, "state": "compensated"})
    said = capsys.readouterr().out
    assert "✗ orders.unknown == 0  (orders.unknown is 7)" in said
    assert "undone by bot.resume" in said
    assert "look is done." not in said
    assert "tickertape workflow status 0123456789abcdef" in said
    print_steps(EXECUTION)
    assert "look is done." in capsys.readouterr().out


def test_who_is_asked_is_told_how_to_answer(capsys):
    waiting = step("ask", "waiting_for_approval", arguments={"message": "Trade live?"})
    print_outcome({**EXECUTION, "state": "waiting_for_approval", "waiting_for": "ask", "steps": [waiting]})
    said = capsys.readouterr().out
    assert "waits for a person: Trade live?" in said
    assert "tickertape workflow approve 0123456789abcdef" in said
