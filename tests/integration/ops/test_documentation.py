"""The documentation says what there is, and nothing else."""

from __future__ import annotations

import re

import jsonschema
import pytest
from flask import Flask
from support.boards import boards, links

from exporter.ops.application import create_app
from exporter.ops.documentation.openapi import VARIABLE, openapi_document
from exporter.ops.documentation.operation import operations_of
from exporter.ops.lifetime import Lifetime
from exporter.ops.problems import STATUS
from exporter.ops.public import PUBLIC
from exporter.ops.representations.problem import NEXT
from trading_bot.boot.clock import SystemClock
from trading_bot.boot.home import Home
from trading_bot.boot.settings import BootSettings
from trading_bot.contract.errors import ERRORS

pytestmark = pytest.mark.xdist_group("documentation")  # one application for all of them

AUTOMATIC = {"HEAD", "OPTIONS"}


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    home = Home(tmp_path_factory.mktemp("documentation") / "home").create()
    lifetime = Lifetime.begin(BootSettings(home=home.path, stream_port=0), SystemClock())
    yield create_app(lifetime.needs)
    lifetime.end("the test is over")


@pytest.fixture(scope="module")
def document(app):
    return openapi_document(app, PUBLIC)


def routes(app: Flask) -> set[tuple[str, str]]:
    return {
        (VARIABLE.sub(r"{\1}", rule.rule), method.lower())
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - AUTOMATIC
    }


def told(document):
    return {
        (path, method): one for path, methods in document["paths"].items() for method, one in methods.items()
    }


def test_every_route_is_documented_and_every_documented_one_exists(app, document):
    assert set(told(document)) == routes(app)


def test_every_public_endpoint_exists_and_only_those_need_no_key(app, document):
    assert set(app.view_functions) >= PUBLIC
    open_ones = {one["operationId"] for one in told(document).values() if one.get("security") == []}
    assert open_ones == {endpoint.replace(".", "_") for endpoint in PUBLIC}


def test_every_operation_has_a_summary_a_scenario_and_described_parameters(document):
    for (path, method), one in told(document).items():
        assert one["summary"], (method, path)
        assert len(one["description"]) > 20, (method, path)
        assert all(parameter["description"] for parameter in one["parameters"]), (method, path)
        named = {parameter["name"] for parameter in one["parameters"] if parameter["in"] == "path"}
        assert named == set(VARIABLE.findall(path.replace("{", "<").replace("}", ">"))), (method, path)
    names = [one["operationId"] for one in told(document).values()]
    assert len(names) == len(set(names))


def test_every_example_is_valid_against_its_schema(document):
    components = {"components": document["components"]}
    for (path, method), one in told(document).items():
        bodies = [one["requestBody"]] if "requestBody" in one else []
        for part in (*bodies, *one["responses"].values()):
            for media, content in part.get("content", {}).items():
                examples = [example["value"] for example in content.get("examples", {}).values()]
                if "json" in media:
                    examples += [content["example"]] if "example" in content else []
                    assert examples, (method, path)
                for example in examples:
                    jsonschema.validate(example, {**content["schema"], **components})


def test_every_error_code_of_an_operation_has_a_row_and_a_status(app):
    for endpoint, operation in operations_of(app.view_functions).items():
        for code in operation.errors:
            assert code in ERRORS, endpoint
            assert code in STATUS, endpoint
    assert set(NEXT) <= set(STATUS)


def test_the_pages_come_from_here_alone(app):
    client = app.test_client()
    page = client.get("/api/docs")
    assert page.mimetype == "text/html"
    assert b"://" not in page.data
    policy = page.headers.getlist("Content-Security-Policy")
    assert len(policy) == 1
    assert "script-src 'self'" in policy[0]
    for name, kind in (
        ("swagger.js", "text/javascript"),
        ("swagger.css", "text/css"),
        ("start.js", "text/javascript"),
    ):
        answer = client.get(f"/api/docs/{name}")
        assert (answer.status_code, answer.mimetype) == (200, kind)
        again = client.get(f"/api/docs/{name}", headers={"If-None-Match": answer.headers["ETag"]})
        assert again.status_code == 304
    assert client.get("/api/docs/anything.js").status_code == 404


def test_an_agent_is_told_three_calls_that_are_documented(app, document):
    text = app.test_client().get("/llms.txt").get_data(as_text=True)
    assert len(text) < 1500
    calls = [line.split(" ")[2].partition("?")[0] for line in text.splitlines() if ". GET " in line]
    assert len(calls) == 3
    assert {(path, "get") for path in calls} <= set(told(document))
    written = set(re.findall(r"(GET|POST|PUT)\s+(/api/v1/[\w/{}]+)", text))
    assert len(written) == 7
    served = {(method.upper(), re.sub(r"{\w+}", "{}", path)) for path, method in told(document)}
    for method, path in written:
        actions = ["pause", "resume"] if path.endswith("{action}") else [""]
        for action in actions:
            assert (method, re.sub(r"{\w+}", "{}", path.replace("{action}", action))) in served, path


def test_the_boards_lead_to_paths_that_are_served(app):
    served = {VARIABLE.sub("*", rule.rule) for rule in app.url_map.iter_rules()}
    asked = {
        url.removeprefix("${ops:raw}").replace("${__value.raw}", "*")
        for board in boards()
        for url in links(board)
        if url.startswith("${ops")
    }
    assert asked
    assert asked <= served
