from __future__ import annotations

import msgspec
import pytest
from support.history import rich_state

from exporter.ops.answers import VOLATILE, Shown, cache_control, rendered, written
from exporter.ops.dependencies import MOST_KEPT, Memory
from exporter.ops.representations.errors import ErrorList
from exporter.ops.representations.state import BotState
from exporter.ops.representations.summary import BotSummary, represent_summary
from exporter.ops.resources.state import StateQuery
from trading_bot.domain.health import Liveness, assess
from trading_bot.journal import TapePosition


@pytest.mark.parametrize("body", [BotState, BotSummary, ErrorList])
def test_every_body_ends_with_what_changes_by_time_alone(body):
    assert body.__struct_fields__[-2:] == VOLATILE


def test_a_body_that_is_kept_is_whole_but_for_its_age():
    state, clock = rich_state()
    health = assess(state, clock.now_ns(), Liveness.ALIVE, beat_at=clock.now_ns())
    body = represent_summary(state, health, clock.now_ns())
    kept = rendered(body, Shown(position=None, health=health, warnings=()))
    whole = msgspec.json.encode(body)
    assert whole.startswith(kept.beginning)
    end = f'"alerts_age_seconds":null,"data_age_seconds":0.5,"generated_at":"{body.generated_at}"}}'
    assert whole[len(kept.beginning) :] == end.encode()


def test_a_text_that_looks_like_the_age_does_not_split_a_body():
    state, clock = rich_state()
    health = assess(state, clock.now_ns(), Liveness.ALIVE, beat_at=clock.now_ns())
    body = represent_summary(state, health, clock.now_ns())
    spoiled = msgspec.structs.replace(
        body, health_reason='"alerts_age_seconds":1,"data_age_seconds":1,"generated_at":'
    )
    kept = rendered(spoiled, Shown(position=None, health=health, warnings=()))
    assert msgspec.json.decode(kept.beginning + b'"x":1}')["health_reason"] == spoiled.health_reason


def test_memory_keeps_a_few_bodies_and_forgets_the_oldest():
    memory = Memory()
    for limit in range(1, MOST_KEPT + 2):
        memory.keep(StateQuery(limit=limit), limit)
    assert memory.get(StateQuery(limit=1)) is None
    assert memory.get(StateQuery(limit=MOST_KEPT + 1)) == MOST_KEPT + 1


def test_a_position_is_one_word():
    assert written(TapePosition("tape", "run", 7)) == "tape/run/7"


@pytest.mark.parametrize(
    ("seconds", "header"),
    [(0, "private, no-cache"), (0.4, "private, no-cache"), (60, "private, max-age=60")],
)
def test_how_a_client_may_cache_follows_the_setting(seconds, header):
    assert cache_control(seconds) == header
