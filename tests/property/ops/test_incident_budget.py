"""Whatever was recorded, an incident and a page of the catalogue are whole JSON within their budgets."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from support.events import any_event, envelope

from exporter.ops.alerts import ActiveAlert, SeenAlerts
from exporter.ops.representations.catalogue import PAGE_BYTES, CatalogueWanted, entries, represent_catalogue
from exporter.ops.representations.events import EventPage, EventsWanted, represent_events
from exporter.ops.representations.incident import CHANGES, LIMIT_BYTES, Found, Incident, represent_incident
from exporter.ops.shelf import RecordingRule
from trading_bot.contract.errors import NonRetriableError
from trading_bot.contract.events.lifecycle import ErrorRecorded
from trading_bot.contract.telemetry.metrics import METRICS

TEXTS = st.builds(lambda text, times: text * times, st.text(max_size=9), st.integers(0, 3000))
CODES = st.sampled_from(("VENUE_001", "FEED_001", "ORDER_002", "RISK_006", "CFG_001"))
ERRORS = st.builds(
    lambda code, text, ts: ErrorRecorded(error=NonRetriableError(code, text).semantic(ts)),
    CODES,
    TEXTS,
    st.integers(0, 2**60),
)
ALERTS = st.builds(
    lambda name, text: ActiveAlert(name=name, severity="critical", summary=text, since="", labels={}),
    TEXTS,
    TEXTS,
)


@given(
    changes=st.lists(st.sampled_from(CHANGES).flatmap(any_event), max_size=60),
    errors=st.lists(ERRORS, max_size=12),
    alerts=st.none() | st.lists(ALERTS, max_size=8),
    why=TEXTS,
)
def test_an_incident_is_within_its_budget_and_counts_what_it_left_out(changes, errors, alerts, why):
    found = Found(
        start=0,
        end=600 * 10**9,
        minutes=10,
        changes=[("journal", envelope(event, seq)) for seq, event in enumerate(changes, 1)],
        errors=[envelope(error, seq) for seq, error in enumerate(errors, 100)],
        counts={"mode.changed": len(changes), "error.recorded": len(errors)},
    )
    seen = SeenAlerts(alerts=None if alerts is None else tuple(alerts), at=None, unknown=why)
    encoded = msgspec.json.encode(represent_incident(found, seen, 10**18))
    assert len(encoded) <= LIMIT_BYTES
    body = msgspec.json.decode(encoded, type=Incident)
    assert len(body.changes) + body.left_out.get("changes", 0) == len(changes)
    codes = {error.error.error_code for error in errors}
    assert len(body.errors) + body.left_out.get("errors", 0) == len(codes)


@given(
    expression=TEXTS.filter(lambda text: len(text) < 2_000),
    limit=st.integers(1, 200),
    rules=st.integers(0, 5),
)
def test_a_page_of_the_catalogue_is_within_its_budget_and_leads_on(expression, limit, rules):
    recorded = {
        f"bot:{number}:rate": RecordingRule(
            name=f"bot:{number}:rate", expression=expression, labels=(), meaning="x"
        )
        for number in range(rules)
    }
    every, after, names = entries(METRICS, recorded), None, []
    while True:
        page = represent_catalogue(every, CatalogueWanted(limit=limit, after=after), knows_rules=True)
        assert len(msgspec.json.encode(page)) <= PAGE_BYTES
        names += [one.name for one in page.entries]
        if page.next is None:
            break
        after = names[-1]
    assert names == [one.name for one in every]


@given(errors=st.lists(ERRORS, min_size=1, max_size=30))
def test_a_page_of_the_tape_ends_before_it_grows_too_large(errors):
    found = [envelope(error, seq) for seq, error in enumerate(errors, 1)]
    wanted = EventsWanted(tape="journal", limit=200, after=0, before=None, pattern=None)
    encoded = msgspec.json.encode(represent_events(found, wanted, len(found), 10**18, more=False))
    assert len(encoded) <= 256 * 1024 + 40_000
    page = msgspec.json.decode(encoded, type=EventPage)
    assert (page.next is None) == (page.returned == len(found))
