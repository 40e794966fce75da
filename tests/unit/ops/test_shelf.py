from __future__ import annotations

from exporter.ops.shelf import LARGEST_RUNBOOK, Shelf
from trading_bot.contract.errors import ERRORS


def shelf_of(folder, files: dict[str, str]) -> Shelf:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    shelf = Shelf(folder)
    shelf.read()
    return shelf


def test_a_runbook_has_its_title_and_the_error_codes_that_it_names(tmp_path):
    shelf = shelf_of(
        tmp_path,
        {
            "runbooks/BotDown.md": "---\nseverity: critical\n---\n# BotDown: nobody trades\n\nJRNL_001, BOT_005.\n",
            "runbooks/README.md": "# Not a runbook\n",
            "runbooks/Huge.md": "x" * (LARGEST_RUNBOOK + 1),
        },
    )
    assert list(shelf.runbooks) == ["BotDown"]
    assert shelf.runbooks["BotDown"].title == "BotDown: nobody trades"
    assert shelf.runbooks_of("JRNL_001") == ("BotDown",)
    assert shelf.runbooks_of("JRNL_002") == ()


def test_recording_rules_are_read_with_the_labels_that_they_keep(tmp_path):
    rules = """
groups:
  - name: g
    rules:
      - {record: 'bot:orders:rate5m', expr: 'sum by (bot, symbol) (rate(x[5m]))', labels: {level: a}}
      - {alert: BotDown, expr: 'up == 0'}
"""
    shelf = shelf_of(tmp_path, {"generated/recordings.yml": rules, "generated/broken.yml": "a: [b"})
    (rule,) = shelf.rules.values()
    assert rule.name == "bot:orders:rate5m"
    assert rule.labels == ("bot", "level", "symbol")


def test_where_there_is_nothing_nothing_is_known(tmp_path):
    shelf = Shelf(tmp_path / "nowhere")
    assert not shelf.is_read
    shelf.read()
    assert shelf.is_read
    assert shelf.rules == shelf.runbooks == {}


def test_the_projects_own_runbooks_name_codes_that_exist():
    shelf = Shelf()
    shelf.read()
    for runbook in shelf.runbooks.values():
        assert {code for code in runbook.codes if code not in ERRORS} == set(), runbook.name
