"""Hostile and broken definitions, parameters and conditions: refused field by field, nothing executed, no traceback."""

from __future__ import annotations

import copy
import tempfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from exporter.ops.parameters import Fault
from exporter.ops.workflows import expressions, templates, verdicts
from exporter.ops.workflows.definition import as_document, of_document
from exporter.ops.workflows.document import BotDocument
from exporter.ops.workflows.library import SHIPPED, Library, load
from exporter.ops.workflows.triggers import table_of
from exporter.ops.workflows.validation import parameter_values, validated

pytestmark = pytest.mark.timeout(900)
HOSTILE = (
    "${parameters.nobody}",
    "${steps.later.outputs.x}",
    "${__import__('os').system('true')}",
    "$(reboot)",
    "; rm -rf /",
    "../../etc/passwd",
    "/etc/passwd",
    "__class__.__mro__",
    "up == true or " * 40,
    "((((((((((((((((((((((((((up))))))))))))))))))))))))))",
    "not " * 300 + "up",
    "[" * 400,
    "bot.halt",
    "check",
    "http://169.254.169.254/latest/meta-data",
    "\x00",
    "Ω" * 3000,
    "^(a+)+$",
    "9" * 400,
    "",
)
SHIPPED_DOCUMENTS = [as_document(one.workflow) for one in Library(SHIPPED).all()]
WORKFLOWS = [one.workflow for one in Library(SHIPPED).all()]
TEXTS = st.sampled_from(HOSTILE) | st.text(max_size=40)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats()
    | TEXTS
    | st.sampled_from([0, -1, 1e308, 10**400]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


def places(value: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [way]
    entries = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for name, item in entries:
        found += places(item, (*way, name))
    return found


@st.composite
def broken(draw: st.DrawFn) -> Any:
    """Draw a shipped definition with one to three places changed, added or taken away."""
    document = copy.deepcopy(draw(st.sampled_from(SHIPPED_DOCUMENTS)))
    for _ in range(draw(st.integers(1, 3))):
        way = draw(st.sampled_from(places(document)[1:]))
        parent = document
        for name in way[:-1]:
            parent = parent[name]
        how = draw(st.sampled_from(("replace", "remove", "add", "double")))
        if how == "replace":
            parent[way[-1]] = draw(VALUES)
        elif how == "remove":
            del parent[way[-1]]
        elif how == "add" and isinstance(parent, dict):
            parent[draw(TEXTS)] = draw(VALUES)
        elif isinstance(parent, list):
            parent.append(copy.deepcopy(parent[way[-1]]))
        if not places(document)[1:]:
            break
    return document


def written(document: Any) -> bytes:
    return yaml.safe_dump(document, allow_unicode=True).encode(errors="replace")


def judge(document: Any) -> None:
    workflow, faults = validated(document)
    assert (workflow is None) is bool(faults)
    for fault in faults:
        assert isinstance(fault, Fault)
        assert fault.field
        assert fault.expected
        assert len(fault.found) < 500
    if workflow is not None:
        assert of_document(as_document(workflow)) == workflow


@given(document=broken())
def test_a_broken_definition_is_refused_field_by_field(document):
    judge(document)


@given(document=VALUES)
def test_any_document_is_judged(document):
    judge(document)
    table, faults = table_of(document)
    assert (table is None) is bool(faults)


@given(data=st.binary(max_size=300) | st.text(max_size=300).map(str.encode) | broken().map(written))
def test_any_file_is_judged(data):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "any.yaml"
        path.write_bytes(data)
        loaded = load(path)
        assert (loaded.workflow is None) is bool(loaded.faults)


@given(
    workflow=st.sampled_from(WORKFLOWS),
    given_=VALUES
    | st.dictionaries(
        st.sampled_from(["symbol", "name", "days", "looks", "every", "breaker", "reason", "take_profit_pct"]),
        VALUES,
    ),
)
def test_any_parameters_are_judged(workflow, given_):
    values, faults = parameter_values(workflow, given_)
    for fault in faults:
        assert fault.field.startswith("parameters")
    if not faults:
        assert set(values) == set(workflow.parameters)


@given(text=TEXTS | st.text(alphabet="ab.[]()'\"=<>!, *0123 notandorinupcount", max_size=60), value=VALUES)
def test_any_condition_is_read_or_refused_and_never_evaluated_as_code(text, value):
    try:
        node = expressions.parse(text)
    except expressions.NotACondition:
        return
    verdict = verdicts.evaluate(node, {"up": value, "a": {"b": value}, "b": [value]})
    assert verdict.holds in {True, False, None}


@given(value=VALUES, put_in=VALUES)
def test_what_a_template_puts_in_is_not_looked_at_again(value, put_in):
    text = "${parameters.x}"
    assert templates.resolve([text], lambda _source: put_in)[0] is put_in
    templates.resolve(value, lambda _source: "${parameters.again}")


def test_the_document_has_no_member_that_is_not_plain():
    assert all(not name.startswith("_") for name in BotDocument.__struct_fields__)
