"""Tokens, history and bodies: the small parts of a change of settings."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from flask import Flask

from exporter.ops.bodies import parse_body
from exporter.ops.configuration.history import HistoryFile, Transition
from exporter.ops.configuration.requests import ConfigBody
from exporter.ops.configuration.tokens import VALID_SECONDS, Tokens
from exporter.ops.controls import CONTROLS, ControlBody, check_confirmed, read_body
from trading_bot.contract.commands import CHANGES_SETTINGS, COMMANDS
from trading_bot.contract.errors import NonRetriableError, OperatorError
from trading_bot.domain.clock import ManualClock
from trading_bot.domain.state import State
from trading_bot.journal import TapePosition

HASH = "ab" * 32


def refused(tokens: Tokens, token: str | None, generation: int = 1, settings_hash: str = HASH) -> bool:
    try:
        tokens.check(token, generation, settings_hash)
    except OperatorError as error:
        return error.code == "CFG_008"
    return False


def test_a_token_is_good_for_its_change_alone_and_for_ten_minutes():
    clock = ManualClock()
    tokens = Tokens(clock)
    token, until = tokens.make(1, HASH)
    assert until > clock.now_ns()
    assert not refused(tokens, token)
    assert refused(tokens, token, generation=2)
    assert refused(tokens, token, settings_hash="cd" * 32)
    assert refused(Tokens(clock), token)
    clock.advance(VALID_SECONDS + 1)
    assert refused(tokens, token)


@pytest.mark.parametrize(
    "token", [None, "", ".", "true", "9" * 30 + ".ff", "1795.zz", "²." + "0" * 64, "é.é"]
)
def test_what_is_no_token_confirms_nothing(token):
    assert refused(Tokens(ManualClock()), token)


def test_a_token_cannot_be_given_a_longer_life():
    tokens = Tokens(ManualClock())
    token, _ = tokens.make(1, HASH)
    until, _, signature = token.partition(".")
    assert refused(tokens, f"{int(until) + 600}.{signature}")


def transition(number: int, generation: int | None = None, tape_id: str = "t") -> Transition:
    return Transition(
        id=f"id-{number}",
        timestamp="2026-01-01T00:00:00Z",
        user="ada",
        previous=None,
        new={"number": number},
        diff=[],
        validation_result={"valid": True, "errors": []},
        applied=generation is not None,
        rolled_back=False,
        reason="for a test",
        source="command",
        generation=generation,
        restored_generation=None,
        command_id=None,
        position=TapePosition(tape_id, "run", number),
    )


def test_the_history_is_read_back_line_by_line_newest_first(tmp_path: Path):
    path = tmp_path / "config_history.jsonl"
    history = HistoryFile(path)
    assert history.load() == []
    for number in range(1, 6):
        history.append(transition(number, number))
    again = HistoryFile(path)
    assert [one.position.seq for one in again.load()] == [1, 2, 3, 4, 5]
    assert [(number, one.id) for number, one in again.page(2)] == [(4, "id-5"), (3, "id-4")]
    assert [number for number, _ in again.page(10, before=2)] == [1, 0]
    assert again.page(10, before=0) == []
    assert again.settings_of(3, "t") == {"number": 3}
    assert again.settings_of(3, "other") is None
    assert again.has("id-5")
    assert not again.has("id-6")


def test_a_line_that_a_crash_cut_off_is_removed_and_what_follows_is_whole(tmp_path: Path):
    path = tmp_path / "config_history.jsonl"
    HistoryFile(path).append(transition(1, 1))
    with path.open("ab") as file:
        file.write(b'{"id": "id-2", "timest')
    history = HistoryFile(path)
    assert len(history.load()) == 1
    history.append(transition(2, 2))
    assert [one.id for one in HistoryFile(path).load()] == ["id-1", "id-2"]


def test_a_line_that_somebody_else_wrote_stays_and_is_passed_over(tmp_path: Path):
    path = tmp_path / "config_history.jsonl"
    path.write_text("not ours\n")
    history = HistoryFile(path)
    assert history.load() == []
    history.append(transition(1, 1))
    assert path.read_text().startswith("not ours\n")
    assert history.settings_of(1, None) == {"number": 1}


@pytest.mark.parametrize(
    ("body", "field", "found"),
    [
        (b'{"settings": {}}', "reason", "nothing"),
        (b'{"settings": {}, "reason": 5}', "reason", "5"),
        (b'{"settings": {}, "reason": ""}', "reason", '""'),
        (b'{"settings": [], "reason": "x"}', "settings", "[]"),
        (b'{"settings": {}, "reason": "x", "resaon": "y"}', "resaon", "a field that is not known here"),
        (b'{"settings": {}, "reason": "x", "probation_seconds": -1}', "probation_seconds", "-1"),
        (b"[]", "(body)", "[]"),
        (b"not json", "(body)", "JSON"),
        (b"\xff\xfe", "(body)", "JSON"),
        (b'{"settings": {}, "reason": "\xed\xa0\x80"}', "(body)", "decode"),
        (b'{"settings": {}, "reason": "\\ud800"}', "(body)", "truncated"),
        (b'{"settings": {"a": 1e400}, "reason": "x"}', "(body)", "out of range"),
        (b'{"settings": {"a": ' + b"9" * 5000 + b'}, "reason": "x"}', "(body)", "out of range"),
        (b'{"settings": {"a": NaN}, "reason": "x"}', "(body)", "JSON"),
        (b"[" * 100_000, "(body)", "nested deeper than 64"),
        (b'{"settings": ' + b'{"a":' * 100 + b"1" + b"}" * 100 + b"}", "(body)", "nested deeper than 64"),
    ],
)
def test_a_wrong_body_is_told_field_by_field(body: bytes, field: str, found: str):
    with Flask("t").test_request_context(method="PUT", data=body), pytest.raises(NonRetriableError) as error:
        parse_body(ConfigBody)
    (fault,) = error.value.context["errors"]
    assert error.value.code == "API_001"
    assert fault["field"] == field
    assert found in fault["found"]
    assert fault["expected"]
    assert fault["example"]


def test_every_command_but_those_of_settings_can_be_asked_for_by_an_action():
    asked = {control.command(ControlBody()).NAME for control in CONTROLS.values()}
    assert asked == set(COMMANDS) - CHANGES_SETTINGS


@pytest.mark.parametrize("action", CONTROLS)
def test_every_action_says_its_scope_and_consequence(action: str):
    control, state, body = CONTROLS[action], State(), ControlBody(breaker="b", mismatch_id="m")
    assert control.scope(state, body)
    assert control.consequence(state, body)


def read(action: str, **body: object) -> ControlBody:
    with Flask("t").test_request_context(method="POST", data=msgspec.json.encode(body)):
        return read_body(action)


def test_what_allows_more_risk_needs_a_reason_and_a_reset_names_what_it_resets():
    for action in ("resume", "reset-breaker"):
        with pytest.raises(NonRetriableError, match="reason: expected why, in words"):
            read(action, **({} if action == "resume" else {"breaker": "x"}))
    body = read("reset-breaker", breaker="max_drawdown", reason="looked into it")
    with pytest.raises(OperatorError, match="scope: nothing: the breaker max_drawdown is not open") as error:
        check_confirmed(CONTROLS["reset-breaker"], State(), body)
    assert error.value.code == "CFG_008"
    (fault,) = error.value.context["errors"]
    assert (fault["field"], fault["expected"], fault["found"]) == ("confirm", "max_drawdown", "nothing")
    confirmed = msgspec.structs.replace(body, confirm="max_drawdown")
    check_confirmed(CONTROLS["reset-breaker"], State(), confirmed)


def test_a_breaker_that_does_not_exist_is_refused_with_the_names_of_those_that_do():
    with pytest.raises(NonRetriableError, match=r"breaker: expected one of max_daily_loss, .*, found 'nope'"):
        read("reset-breaker", breaker="nope", reason="looked into it")


def test_a_field_that_an_action_does_not_take_is_refused():
    with pytest.raises(NonRetriableError, match="symbol: expected"):
        read("pause", symbol="EUR/USD")
    assert read("flatten", symbol="EUR/USD").symbol == "EUR/USD"
