from __future__ import annotations

from decimal import Decimal

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from trading_bot.contract.errors import OperatorError
from trading_bot.contract.settings import Settings, parse_settings, settings_hash, settings_schema

DEFINITIONS = {name: one for name, one in settings_schema()["$defs"].items() if "properties" in one}
KEYS = sorted(
    {key for definition in DEFINITIONS.values() for key in definition["properties"]} | {"trend", "EUR/USD"}
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.decimals()
    | st.text(max_size=20)
    | st.sampled_from(
        ("EUR/USD", "sma_cross", "mean_reversion", "1m", "1e999", "-0", "NaN", "24:00", "00:00", "UTC")
    )
    | st.integers(10**300, 10**301)
    | st.dates()
    | st.binary(max_size=5)
)
"""What YAML can give, and what nobody would write."""

HOSTILE = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=5) | st.integers(), inner, max_size=5)
    ),
    max_leaves=8,
)
TREE = st.dictionaries(
    st.sampled_from(("symbols", "strategies", *DEFINITIONS["Settings"]["properties"])), HOSTILE
)
SECTIONS = ("limits", "breakers", "execution", "intervals", "telemetry", "reconciliation")
SHARES_AND_MONEY = sorted(
    key for key, schema in DEFINITIONS["Limits"]["properties"].items() if "exclusiveMinimum" in schema
)
VALID = {
    "symbols": ["EUR/USD"],
    "strategies": {"trend": {"kind": "sma_cross", "symbols": ["EUR/USD"]}},
    **{section: {} for section in SECTIONS},
    "protection": {"EUR/USD": {"stop_loss_pct": 1}},
    "sessions": {"EUR/USD": {}},
}


def refused_or_right(document):
    """Parse; what is refused must be so by CFG_001 with faults that say something. Any other exception fails."""
    refusal = None
    try:
        parsed = parse_settings(document)
    except OperatorError as error:
        refusal = error
    if refusal is None:
        assert isinstance(parsed, Settings)
        return parsed
    assert refusal.code == "CFG_001"
    assert "\n" not in refusal.line()
    for fault in refusal.context["errors"]:
        assert all(isinstance(text, str) and 0 < len(text) < 2_000 for text in fault.values())
    return None


@settings(max_examples=max(100, settings().max_examples))
@given(HOSTILE | TREE)
def test_a_hostile_document_is_refused_by_name_and_never_by_a_traceback(document):
    refused_or_right(document)


@settings(max_examples=max(100, settings().max_examples))
@given(st.data())
def test_one_hostile_value_in_a_valid_document_is_refused_by_name_or_taken(data):
    struct = data.draw(st.sampled_from(sorted(DEFINITIONS)))
    key = data.draw(st.sampled_from(sorted(DEFINITIONS[struct]["properties"])))
    places = {
        "Settings": ("",),
        "Session": ("sessions", "EUR/USD"),
        "Protection": ("protection", "EUR/USD"),
        "SmaCross": ("strategies", "trend"),
        "MeanReversion": ("strategies", "trend"),
    }
    document = msgspec.json.decode(msgspec.json.encode(VALID))
    place = document
    for step in filter(None, places.get(struct, (struct.lower(),))):
        place = place[step]
    if struct == "MeanReversion":
        place["kind"] = "mean_reversion"
    place[key] = data.draw(HOSTILE)
    parsed = refused_or_right(document)
    if parsed is not None:
        for value in msgspec.structs.asdict(parsed.limits).values():
            assert Decimal(value).is_finite()
            assert value > 0


@given(st.dictionaries(st.sampled_from(SHARES_AND_MONEY), st.decimals("0.01", "1", places=2), max_size=7))
def test_what_is_taken_is_written_and_taken_again_as_the_same(limits):
    document = {**VALID, "limits": {"max_order_notional": "0.01", **limits, "max_position_notional": 1}}
    parsed = parse_settings(document)
    written = msgspec.to_builtins(parsed)
    assert parse_settings(written) == parsed
    assert parse_settings(msgspec.json.decode(msgspec.json.encode(parsed))) == parsed
    assert settings_hash(parse_settings(written)) == settings_hash(parsed)


def test_the_document_that_values_are_put_into_is_valid():
    assert parse_settings(VALID)


def test_the_schema_is_one_and_its_defaults_and_examples_keep_it():
    Draft202012Validator.check_schema(settings_schema())
    for definition in DEFINITIONS.values():
        for key, schema in definition["properties"].items():
            validator = Draft202012Validator({**schema, "$defs": settings_schema()["$defs"]})
            for value in [schema[name] for name in ("default",) if name in schema] + schema.get(
                "examples", []
            ):
                assert validator.is_valid(value), (key, value)
