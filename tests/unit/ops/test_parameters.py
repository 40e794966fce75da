from __future__ import annotations

import pytest
from werkzeug.datastructures import MultiDict

from exporter.ops.parameters import parse
from exporter.ops.resources.errors import ErrorsQuery
from exporter.ops.resources.state import StateQuery
from exporter.ops.resources.summary import SummaryQuery
from trading_bot.contract.errors import NonRetriableError


def faults(arguments: dict[str, str], kind: type) -> list[dict[str, str]]:
    with pytest.raises(NonRetriableError) as refused:
        parse(arguments, kind)
    assert refused.value.code == "API_001"
    return refused.value.context["errors"]


def test_what_is_not_given_has_its_default():
    assert parse({}, ErrorsQuery) == ErrorsQuery(limit=20, code=None, before=None)
    assert parse({"limit": "7", "code": "FEED_001", "before": "12"}, ErrorsQuery).before == 12


def test_every_fault_is_named_with_what_was_expected_and_a_valid_example():
    found = faults({"limit": "0", "code": "feed", "befor": "1"}, ErrorsQuery)
    assert [fault["field"] for fault in found] == ["limit", "code", "befor"]
    assert found[0]["found"] == "'0'"
    assert found[2]["example"] == "before"
    for fault in found[:2]:
        parse({fault["field"]: fault["example"]}, ErrorsQuery)


@pytest.mark.parametrize("text", ["", "-1", "1.5", "x", "1001", "9" * 400, "NaN"])
def test_a_limit_that_is_none_is_refused(text):
    (fault,) = faults({"limit": text}, StateQuery)
    assert len(fault["found"]) < 100


def test_a_resource_without_parameters_takes_none():
    (fault,) = faults({"verbose": "1"}, SummaryQuery)
    assert fault["expected"] == "no parameters"


def test_what_is_given_twice_is_refused_for_that():
    (fault,) = faults(MultiDict([("limit", "5"), ("limit", "6")]), StateQuery)
    assert (fault["field"], fault["found"]) == ("limit", "2 values: '5', '6'")
