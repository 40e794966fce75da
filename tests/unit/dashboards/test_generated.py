"""The committed boards are what the code writes."""

from __future__ import annotations

import json

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard
from support.boards import GENERATED

from dashboards.__main__ import main, write
from dashboards.boards import BOARDS


def test_writing_the_boards_again_changes_nothing(tmp_path):
    (tmp_path / "removed.json").write_text("{}")
    write(tmp_path)
    written = {path.name: path.read_text() for path in tmp_path.glob("*.json")}
    committed = {path.name: path.read_text() for path in GENERATED.glob("*.json")}
    assert written == committed, "make dashboards, and read the difference"
    assert len(committed) == len(BOARDS)


def test_links_lead_to_the_ops_endpoint_that_is_named(tmp_path):
    main(["--folder", str(tmp_path), "--public-url", "https://ops.example/"])
    texts = [path.read_text() for path in tmp_path.glob("*.json")]
    assert any('"query": "https://ops.example"' in text for text in texts)
    assert not any("127.0.0.1" in text for text in texts)


@pytest.mark.parametrize("path", sorted(GENERATED.glob("*.json")), ids=lambda path: path.stem)
def test_every_key_of_a_board_is_one_that_grafana_knows(path):
    register_default_plugins()
    board = json.loads(path.read_text())
    known = json.loads(json.dumps(Dashboard.from_json(board), cls=JSONEncoder))
    assert set(_keys(board)) - set(_keys(known)) == set()


def _keys(node, place=""):
    if isinstance(node, dict):
        for key, value in node.items():
            yield f"{place}.{key}"
            yield from _keys(value, f"{place}.{key}")
    if isinstance(node, list):
        for value in node:
            yield from _keys(value, f"{place}[]")
