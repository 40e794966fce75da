"""The settings file: what is written is read back the same, whole, with its mode."""

from __future__ import annotations

import stat
from decimal import Decimal
from pathlib import Path

import pytest

from trading_bot.boot.settings_file import read_config, replace_file, settings_text
from trading_bot.contract.errors import OperatorError
from trading_bot.contract.settings import parse_settings, settings_hash


def settings(**fields):
    strategies = {"trend": {"kind": "sma_cross", "symbols": ["EUR/USD"]}}
    return parse_settings({"symbols": ["EUR/USD"], "strategies": strategies, **fields})


@pytest.mark.parametrize(
    "value", ["4000", "0.1", "1234567.891", "0.00000001", "123456789.123456789", "0.30000000000000004"]
)
def test_a_decimal_is_the_same_after_it_was_written_and_read(tmp_path: Path, value: str):
    wanted = settings(limits={"max_daily_loss": value})
    path = tmp_path / "config.yaml"
    replace_file(path, settings_text(wanted, "a comment"))
    found = read_config(path)
    assert found.limits.max_daily_loss == Decimal(value)
    assert settings_hash(found) == settings_hash(wanted)
    assert path.read_text().startswith("# a comment\n")


def test_a_file_keeps_its_mode_and_leaves_nothing_beside_it(tmp_path: Path):
    path = tmp_path / "config.yaml"
    path.write_text("old")
    path.chmod(0o640)
    replace_file(path, "new")
    assert path.read_text() == "new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert [one.name for one in tmp_path.iterdir()] == ["config.yaml"]


def test_a_file_that_cannot_be_written_is_as_it_was(tmp_path: Path):
    path = tmp_path / "config.yaml"
    path.write_text("old")
    beside = tmp_path / ".config.yaml.new"
    beside.mkdir()  # what stands in the way of the new file
    with pytest.raises(OSError, match="directory"):
        replace_file(path, "new")
    assert path.read_text() == "old"


def test_what_a_crash_left_beside_the_file_is_written_over(tmp_path: Path):
    path = tmp_path / "config.yaml"
    (tmp_path / ".config.yaml.new").write_text("half a")
    replace_file(path, "new")
    assert [one.name for one in tmp_path.iterdir()] == ["config.yaml"]


@pytest.mark.parametrize(
    ("text", "code"), [("symbols: [", "CFG_002"), ("[]", "CFG_001"), ("a: 1", "CFG_001")]
)
def test_a_file_that_is_no_settings_says_so(tmp_path: Path, text: str, code: str):
    path = tmp_path / "config.yaml"
    path.write_text(text)
    with pytest.raises(OperatorError) as refused:
        read_config(path)
    assert refused.value.code == code
