"""Whatever is asked, the answer is JSON in the documented shape, and never a failure of ours."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from support.recorded_bot import RecordedBot
from support.tapes import eventually

from exporter.ops.application import create_app
from exporter.ops.lifetime import Lifetime
from trading_bot.boot.clock import SystemClock
from trading_bot.boot.home import Home
from trading_bot.boot.settings import BootSettings

LATIN = st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=60)
PATHS = st.sampled_from(("state", "summary", "errors", "health/healthz", "", "errors/API_001")) | st.text(
    max_size=40
)
NAMES = st.sampled_from(("limit", "code", "before", "LIMIT")) | st.text(max_size=10)
VALUES = st.integers().map(str) | st.text(max_size=20) | st.sampled_from(("API_001", "NaN", "1e9", "-0"))
HEADERS = st.dictionaries(
    st.sampled_from(
        ("If-None-Match", "traceparent", "Authorization", "Accept", "X-API-Key", "Range", "Host")
    ),
    LATIN,
    max_size=4,
)
METHODS = st.sampled_from(("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"))


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Home:
    return Home(tmp_path_factory.mktemp("ops") / "home").create()


@pytest.fixture(scope="module")
def client(home) -> Iterator[FlaskClient]:
    with RecordedBot(home, SystemClock()) as bot:
        bot.live()
        settings = BootSettings(home=home.path, stream_port=0, api_rate_limit="1000000/minute")
        lifetime = Lifetime.begin(settings, SystemClock())
        eventually(lambda: lifetime.needs.view.caught_up)
        yield create_app(lifetime.needs).test_client()
        lifetime.end("the test is over")


REQUESTS = st.fixed_dictionaries(
    {
        "path": PATHS.map(lambda path: f"/api/v1/{quote(path, safe='/%')}"),
        "query_string": st.dictionaries(NAMES, VALUES, max_size=4),
        "headers": HEADERS,
        "method": METHODS,
        "data": st.binary(max_size=50),
    }
)


@given(request=REQUESTS, knows=st.booleans())
def test_no_request_makes_it_fail(client, home, request, knows):
    key = {"X-API-Key": home.read_key.read_text().strip()} if knows else {}
    response = client.open(**{**request, "headers": {**request["headers"], **key}})
    assert response.status_code in {200, 304, 400, 401, 404, 405}
    assert response.headers["X-Request-ID"]
    assert response.headers["Cache-Control"]
    if not knows and response.status_code != 401:
        assert request["path"].strip("/") == "api/v1/health/healthz"
    if response.data:
        kind = "application/json" if response.status_code == 200 else "application/problem+json"
        assert response.mimetype == kind
        assert response.get_json()
