from __future__ import annotations

import json

import msgspec
import pytest
from flask import Flask

from exporter.ops.bodies import parse_body
from exporter.ops.controls import body_of
from exporter.ops.parameters import Fault
from exporter.ops.resources.alerts import SentAlerts
from exporter.ops.resources.auth import Credentials
from exporter.ops.resources.workflows import ExecuteBody
from trading_bot.contract.codec import redact
from trading_bot.contract.errors import NonRetriableError

PAUSE = body_of("pause")


def fault_of(body: object, kind: type[msgspec.Struct], *, is_secret: bool = False) -> Fault:
    data = json.dumps(body)
    with Flask("t").test_request_context(method="POST", data=data), pytest.raises(NonRetriableError) as error:
        parse_body(kind, is_secret=is_secret)
    (fault,) = error.value.context["errors"]
    return msgspec.convert(fault, Fault)


@pytest.mark.parametrize(
    ("body", "kind", "expected"),
    [
        ({"dry_run": "yes"}, PAUSE, "true or false: only say what would happen"),
        ({"reason": 5}, PAUSE, "a text: why, in words, 1 to 500 characters"),
        ({"reason": ""}, PAUSE, "why, in words, 1 to 500 characters"),
        ({"expires_in_seconds": "60"}, PAUSE, "a number: how long the command is valid, 1 to 3600 seconds"),
        ([], PAUSE, "a JSON object"),
        ({"parameters": []}, ExecuteBody, "a JSON object: as the workflow's schema says"),
        ({"reason": "x" * 501}, ExecuteBody, "a text of length <= 500: for the record"),
        ({"alerts": {}}, SentAlerts, "a list: at most 200 of them"),
        ({"alerts": [{}]}, SentAlerts, "firing or resolved"),
        ({"alerts": [{"status": "firing", "labels": {"a": 1}}]}, SentAlerts, "a text: the alert's labels"),
    ],
)
def test_what_was_expected_is_told_in_words_of_the_field_that_is_wrong(body, kind, expected):
    assert fault_of(body, kind).expected == expected


def test_a_field_that_is_not_known_is_answered_with_those_that_are_and_the_closest():
    fault = fault_of({"reasons": "x"}, PAUSE)
    assert fault.expected == "one of reason, expires_in_seconds, dry_run"
    assert fault.example == "reason"
    assert fault_of({"params": {}}, ExecuteBody).example == "parameters"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ([], PAUSE),
        ({"reason": 5}, PAUSE),
        ({"dry_run": 1}, PAUSE),
        ({}, SentAlerts),
        ({"alerts": [{}]}, SentAlerts),
        ({"username": "ada"}, Credentials),
    ],
)
def test_the_example_is_one_that_is_taken(body, kind):
    fault = fault_of(body, kind)
    example = json.loads(fault.example)
    whole = msgspec.to_builtins(msgspec.json.decode(fault_of([], kind).example))
    if fault.field == "(body)":
        whole = example
    elif fault.field in whole:
        whole[fault.field] = example
    else:
        assert fault.field == "alerts[0].status"
        whole["alerts"][0]["status"] = example
    msgspec.convert(whole, kind)


def test_an_alert_that_neither_fires_nor_is_resolved_is_refused():
    alert = {"status": "fired", "labels": {}, "startsAt": "2026-11-22T01:33:22Z"}
    fault = fault_of({"alerts": [alert]}, SentAlerts)
    assert (fault.field, fault.expected, fault.found) == ("alerts[0].status", "firing or resolved", '"fired"')


def test_the_example_of_an_alert_is_one_that_alertmanager_sends():
    (alert,) = json.loads(fault_of({}, SentAlerts).example)
    assert alert["status"] == "firing"


def test_what_is_wrong_with_a_secret_is_still_told_when_secrets_are_taken_out():
    data = json.dumps({"username": "ada"})
    with Flask("t").test_request_context(method="POST", data=data), pytest.raises(NonRetriableError) as error:
        parse_body(Credentials, is_secret=True)
    assert redact(error.value.message, "message") == error.value.message
    assert "expected the password, found nothing" in error.value.message


def test_a_body_that_holds_a_secret_is_told_field_by_field_without_a_value_of_it():
    fault = fault_of({"username": "ada", "password": 12345678}, Credentials, is_secret=True)
    assert (fault.field, fault.expected) == ("password", "a text: the password")
    assert "1234" not in str(fault)
    assert fault_of({"username": "ada"}, Credentials, is_secret=True).found == "nothing"
