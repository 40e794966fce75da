"""Which settings the bot would trade with if it were started now."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import yaml

from trading_bot.boot.home import Home
from trading_bot.contract.errors import OperatorError
from trading_bot.contract.settings import Settings, parse_settings
from trading_bot.domain.fold import evolve
from trading_bot.domain.snapshots import restore
from trading_bot.domain.state import State
from trading_bot.journal import TapeReader, replay

DEFAULT: Final = Path(__file__).parents[1] / "engine" / "default_config.yaml"


def settings_to_be(home: Home) -> Settings:
    """Return the journal's settings; without a journal those of ``config.yaml``, else the default ones.

    Raises:
        OperatorError: CFG_001 or CFG_002, the file is not valid.
        TickertapeError: JRNL_*, the journal cannot be read.
    """
    if home.journal.exists():
        with TapeReader.open(home.journal) as reader:
            state, _ = replay(reader, evolve, State, restore)
        if state.settings.settings is not None:
            return parse_settings(state.settings.settings)
    path = home.config if home.config.exists() else DEFAULT
    try:
        document: Any = yaml.safe_load(path.read_text())
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise OperatorError("CFG_002", f"{path} cannot be read", path=str(path)) from error
    return parse_settings(document if isinstance(document, dict) else {})
