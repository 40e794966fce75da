from __future__ import annotations

import json

import yaml
from jsonschema import Draft202012Validator
from support.golden import Golden

from exporter.ops.workflows.library import SHIPPED
from exporter.ops.workflows.validation import workflow_schema


def test_the_schema_beside_the_workflows_is_the_one_that_they_are_checked_by():
    text = json.dumps(workflow_schema(), indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    Golden(SHIPPED).assert_same("schema.json", text)


def test_the_schema_is_one_and_every_shipped_workflow_fits_it():
    schema = json.loads((SHIPPED / "schema.json").read_text())
    Draft202012Validator.check_schema(schema)
    for path in sorted(SHIPPED.glob("*.yaml")):
        if path.name != "triggers.yaml":
            assert not list(Draft202012Validator(schema).iter_errors(yaml.safe_load(path.read_text()))), path
