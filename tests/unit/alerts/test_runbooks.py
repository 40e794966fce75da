"""Runbooks: complete, readable by a program, with queries of names that exist; every error code leads to one."""

from __future__ import annotations

import re

import pytest
from support.documents import read_yaml
from support.rules import ALERTS, complaints

from alerts.rules import ALERTS as DECLARED
from trading_bot.contract.errors import ERRORS
from trading_bot.contract.errors.runbooks import OF_AREA, OF_CODE, runbook_of

FILES = {path.stem: path.read_text() for path in sorted((ALERTS / "runbooks").glob("*.md"))}
FOREIGN = re.compile(r"^(up|scrape_duration_seconds|topk by)")
WORKFLOWS = ALERTS.parent / "workflows"

each_runbook = pytest.mark.parametrize("name", FILES)


def front_of(name: str) -> dict:
    return read_yaml(FILES[name].split("---")[1])


@each_runbook
def test_its_front_matter_agrees_with_its_alert(name):
    front = front_of(name)
    alerts = [alert for alert in DECLARED if alert.name == name]
    assert front["alert"] == name
    assert front["severity"] == [alert.severity.value for alert in alerts]
    assert {alert.workflow for alert in alerts} == {front["workflow_id"]}
    assert front["expected_after"].endswith(".")
    if front["workflow_id"]:
        workflow = read_yaml(WORKFLOWS / f"{front['workflow_id']}.yaml")
        assert front["safe"] == (workflow["risk"] == "safe")
    else:
        assert front["safe"] is False


@each_runbook
def test_it_says_meaning_impact_diagnosis_and_mitigation_and_when_it_is_over(name):
    headings = re.findall(r"^## (.+)$", FILES[name], re.MULTILINE)
    assert headings == ["Meaning", "Impact", "Diagnosis", "Mitigation"]
    assert "\nIt is over when: " in FILES[name]
    assert len(FILES[name]) > 700


@each_runbook
def test_its_queries_name_what_exists_and_stand_in_the_text_too(name):
    for query in front_of(name)["queries"]:
        assert query in FILES[name].split("## Diagnosis")[1]
        if not query.startswith("topk"):
            assert [each for each in complaints(query) if "never the same labels" not in each] == []


@pytest.mark.parametrize("code", ERRORS)
def test_every_error_code_leads_to_a_runbook(code):
    assert runbook_of(code) in FILES


def test_the_table_of_codes_names_codes_and_runbooks_that_exist():
    assert set(OF_CODE) <= set(ERRORS)
    assert {*OF_CODE.values(), *OF_AREA.values()} <= set(FILES)
