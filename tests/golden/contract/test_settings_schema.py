from __future__ import annotations

import json
from pathlib import Path

from support.golden import Golden

from trading_bot.contract.settings import settings_schema


def test_the_schema_of_the_settings_is_the_one_that_was_read_last():
    text = json.dumps(settings_schema(), indent=2) + "\n"
    Golden(Path(__file__).parents[1] / "settings").assert_same("schema.json", text)
