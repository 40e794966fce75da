from __future__ import annotations

from pathlib import Path

import pytest

from trading_bot.boot.fields import FIELDS
from trading_bot.boot.settings import BootSettings, load_settings
from trading_bot.contract.errors import ERRORS, OperatorError


def load(tmp_path: Path, environment: dict[str, str] | None = None, **arguments) -> BootSettings:
    return load_settings(tmp_path, environment or {}, **arguments)


def refusal(tmp_path: Path, environment: dict[str, str]) -> OperatorError:
    with pytest.raises(OperatorError) as caught:
        load(tmp_path, environment)
    assert caught.value.code in ERRORS
    return caught.value


def test_without_anything_given_the_documented_defaults_hold(tmp_path):
    settings = load(tmp_path)
    assert settings == BootSettings(home=tmp_path)
    assert (settings.api_port, settings.metrics_port, settings.stream_port) == (8000, 9464, 8001)
    assert settings.venue_url == "http://127.0.0.1:8100"


def test_the_later_source_counts_file_then_environment_then_argument(tmp_path):
    (tmp_path / "boot.yaml").write_text(
        "name: file\napi_port: 1001\nmetrics_port: 1002\nvenue:\n  name: kraken\n"
    )
    environment = {"BOT_API_PORT": "2001", "BOT_METRICS_PORT": "2002"}
    settings = load(tmp_path, environment, metrics_port=3002)
    assert (settings.name, settings.api_port, settings.metrics_port) == ("file", 2001, 3002)
    assert settings.venue.name == "kraken"


def test_the_home_argument_counts_before_the_variable_and_the_variable_before_the_default(
    tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    assert load_settings(None, {}).home == tmp_path / ".tickertape"
    assert load_settings(None, {"BOT_HOME": "there"}).home == tmp_path / "there"
    assert load_settings("here", {"BOT_HOME": "there"}).home == tmp_path / "here"


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.variable)
def test_every_promised_variable_is_accepted_with_its_example_and_lands_in_its_field(tmp_path, field):
    settings = load(tmp_path, {field.variable: field.example})
    holder = settings
    *outer, last = field.key.split(".")
    for name in outer:
        holder = getattr(holder, name)
    assert getattr(holder, last) == field.parse(field.example)


PROMISED = (
    "NAME HOST API_PORT METRICS_PORT STREAM_PORT EXCHANGE_PORT VENUE__NAME VENUE__URL VENUE__API_KEY_FILE"
    " VENUE__SECRET_FILE API_AUTH_TOKEN API_CORS_ORIGINS STATE_CACHE_TTL API_RATE_LIMIT ALERTMANAGER_URL"
    " PROMETHEUS_URL PUBLIC_URL"
)


def test_no_promised_variable_is_missing():
    assert {f"BOT_{name}" for name in PROMISED.split()} <= {field.variable for field in FIELDS}


def test_an_unknown_variable_is_refused_with_the_name_that_was_probably_meant(tmp_path):
    error = refusal(tmp_path, {"BOT_API_PROT": "8000"})
    assert error.code == "BOT_001"
    assert "BOT_API_PROT" in error.message
    assert "did you mean BOT_API_PORT?" in error.message


@pytest.mark.parametrize(
    "variable",
    ["BOT_SYMBOLS", "BOT_LIMITS__MAX_ORDER_NOTIONAL", "BOT_MAX_DAILY_LOSS", "BOT_STRATEGIES__CROSS__FAST"],
)
def test_a_variable_that_names_a_trading_setting_is_refused_as_such(tmp_path, variable):
    error = refusal(tmp_path, {variable: "1"})
    assert error.code == "CFG_004"
    assert variable in error.message


BAD = {
    "BOT_API_PORT": ("eighty", "65536", "-1", "80.5"),
    "BOT_STATE_CACHE_TTL": ("nan", "inf", "-1", "soon"),
    "BOT_VENUE__URL": ("localhost:8100", "ftp://host", "http://"),
    "BOT_API_RATE_LIMIT": ("lots", "100", "/minute"),
    "BOT_NAME": ("two words", "a/b", "-x"),
    "BOT_API_CORS_ORIGINS": ("example.org",),
}


@pytest.mark.parametrize(
    ("variable", "text"), [(name, text) for name, texts in BAD.items() for text in texts]
)
def test_a_bad_value_names_the_variable_what_was_expected_what_was_found_and_an_example(
    tmp_path, variable, text
):
    error = refusal(tmp_path, {variable: text})
    assert error.code == "BOT_002"
    assert error.message.startswith(f"{variable}: expected ")
    assert f"found {text!r}" in error.message
    assert f"for example {variable}=" in error.message
    assert "\n" not in error.line()


def test_a_bad_key_is_refused_without_being_shown(tmp_path):
    error = refusal(tmp_path, {"BOT_API_AUTH_TOKEN": "hunter2"})
    assert "hunter2" not in error.line()


def test_an_empty_variable_counts_as_not_given(tmp_path):
    assert load(tmp_path, {"BOT_API_PORT": ""}).api_port == 8000


def test_two_listeners_on_one_port_are_refused_before_anything_listens(tmp_path):
    error = refusal(tmp_path, {"BOT_API_PORT": "9464"})
    assert error.code == "BOT_002"
    assert "BOT_API_PORT" in error.message
    assert "BOT_METRICS_PORT" in error.message


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("api_prot: 1", "BOT_001", "did you mean api_port?"),
        ("api_port: eighty", "BOT_002", "expected a port"),
        ("venue: {url: here}", "BOT_002", "venue.url"),
        ("a: [", "BOT_003", "line 1"),
        ("- 1", "BOT_003", "found list"),
    ],
)
def test_a_wrong_boot_file_is_one_clear_line_with_its_path(tmp_path, text, code, words):
    (tmp_path / "boot.yaml").write_text(text)
    error = refusal(tmp_path, {})
    assert error.code == code
    assert str(tmp_path / "boot.yaml") in error.message
    assert words in error.message
    assert "\n" not in error.line()


def test_a_list_in_the_boot_file_is_read_like_commas_in_the_variable(tmp_path):
    (tmp_path / "boot.yaml").write_text("api_cors_origins:\n  - http://a.example\n  - http://b.example\n")
    assert load(tmp_path).api_cors_origins == ("http://a.example", "http://b.example")


def test_a_real_venue_has_no_address_of_the_simulated_exchange(tmp_path):
    settings = load(tmp_path, {"BOT_VENUE__NAME": "kraken"})
    assert not settings.is_simulated
    assert settings.venue_url is None
