from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import msgspec
import pytest
from support.events import START
from support.syntax import ROOT, modules, name_of, nodes

from trading_bot.contract.errors import (
    AREAS,
    ERRORS,
    OperatorError,
    RetriableError,
    Severity,
    TickertapeError,
    describe,
)
from trading_bot.contract.errors import definition as taxonomy
from trading_bot.contract.errors.definition import SemanticError
from trading_bot.venues.decoding import undecodable

CODE = re.compile(r"\b(?:AUTH|API|CFG|WF|BOT|FEED|VENUE|ORDER|RISK|RECON|JRNL|TEL|DATA)_\d{3}\b")
CATALOGUE = Path("trading_bot/contract/errors")

RESERVED = {
    "JRNL_014": "dropped measurements are counted in tradingbot_journal_dropped_measurements_total",
    "JRNL_015": "a reader that goes back counts it in tradingbot_exporter_rewinds_total",
}
"""Codes that nothing raises, each with what happens in its place."""
pytestmark = pytest.mark.xdist_group("source as syntax trees")  # one worker parses for all


@cache
def consequences() -> dict[str, set[str]]:
    """Return the exceptions of the product by name, each with the names of its bases up to TickertapeError."""
    parents = {
        name: {base.__name__ for base in one.__mro__}
        for name, one in vars(taxonomy).items()
        if isinstance(one, type) and issubclass(one, TickertapeError)
    }
    classes = [node for _, node in nodes(ast.ClassDef)]
    for _ in range(3):  # a subclass of a subclass of a subclass
        for node in classes:
            above = [parents[name_of(base)] for base in node.bases if name_of(base) in parents]
            if above:
                parents[node.name] = {node.name}.union(*above)
    return parents


@cache
def made() -> list[tuple[str, str, str]]:
    """Return (place, exception, code) wherever an exception is made with its code spelled out."""
    exceptions = consequences()
    found = []
    for path, node in nodes(ast.Call):
        name, first = name_of(node.func), node.args[0] if node.args else None
        if name in exceptions and isinstance(first, ast.Constant) and isinstance(first.value, str):
            found.append((f"{path}:{node.lineno}", name, first.value))
    return found


@cache
def spelled() -> dict[str, str]:
    """Return every code spelled in the product outside its declaration, with one place of it."""
    found: dict[str, str] = {}
    for path, tree in modules().items():
        for node in ast.walk(tree) if not path.is_relative_to(CATALOGUE) else ():
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found |= dict.fromkeys(CODE.findall(node.value), f"{path}:{node.lineno}")
    return found


def test_every_code_is_declared_once():
    codes = [row.code for area in AREAS for row in area.DEFINITIONS]
    assert len(codes) == len(set(codes)) == len(ERRORS)


@pytest.mark.parametrize("code", ERRORS)
def test_every_code_says_cause_impact_and_what_helps(code):
    row = ERRORS[code]
    assert CODE.fullmatch(code)
    for text in (row.title, row.cause, row.impact):
        assert text.strip() == text
        assert len(text.split()) > 1
    assert row.cause.endswith(".")
    assert row.impact.endswith(".")
    assert not row.title.endswith(".")
    assert row.remediation
    assert all(step.action and not step.action.endswith(".") for step in row.remediation)
    assert row.runbook.endswith(f"errors.md#{code.lower()}")
    assert row.retryable is issubclass(row.consequence, RetriableError)
    assert row.severity in Severity


def test_what_a_remedy_sends_a_reader_to_in_the_context_is_there():
    promised = {
        code for code, row in ERRORS.items() if any("context" in one.action for one in row.remediation)
    }
    assert promised == {"VENUE_007"}
    assert "<html" in undecodable("the price", "<html>").context["answer"]


def test_an_exception_is_of_the_consequence_that_its_code_declares():
    exceptions = consequences()
    wrong = [
        f"{place}: {name} {code}, the catalogue says {ERRORS[code].consequence.__name__}"
        for place, name, code in made()
        if code in ERRORS and ERRORS[code].consequence.__name__ not in exceptions[name]
    ]
    assert not wrong
    assert len(made()) > 50, "the test looks past what it is to find"


def test_every_code_that_is_spelled_exists():
    assert not {code: place for code, place in spelled().items() if code not in ERRORS}
    assert not [(place, code) for place, _, code in made() if code not in ERRORS]


def test_every_code_that_is_declared_is_used_or_reserved_with_a_reason():
    assert set(ERRORS) - set(spelled()) == set(RESERVED)


def test_every_code_in_dashboards_alerts_workflows_and_documents_exists():
    texts = [
        path
        for folder in ("dashboards", "alerts", "workflows", "docs")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in (".py", ".yml", ".yaml", ".json", ".md")
    ]
    wrong = {
        (str(path), code) for path in texts for code in CODE.findall(path.read_text()) if code not in ERRORS
    }
    assert not wrong


def test_an_error_carries_everything_a_reader_needs():
    caught = OperatorError("CFG_002", "cannot read config.yaml", path="config.yaml")
    caught.__cause__ = PermissionError(13, "Permission denied")
    error = caught.semantic(START, "a" * 32, "b" * 16)
    row = ERRORS["CFG_002"]
    assert (error.error_code, error.error_type, error.timestamp) == ("CFG_002", "OperatorError", START)
    assert error.cause == f"{row.cause} (PermissionError: [Errno 13] Permission denied)"
    assert error.context == {"path": "config.yaml"}
    assert (error.trace_id, error.span_id, error.runbook) == ("a" * 32, "b" * 16, row.runbook)
    assert caught.line() == f"CFG_002 cannot read config.yaml → {row.remediation[0].action}"
    assert msgspec.json.decode(msgspec.json.encode(error), type=SemanticError) == error


def test_a_strange_exception_is_described_in_one_short_line():
    assert describe(ValueError("one\ntwo")) == "ValueError: one"
    assert describe(KeyError()) == "KeyError"
    assert len(describe(ValueError("x" * 1000))) == 200
