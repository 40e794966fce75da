"""Whatever hostile thing is sent, no answer holds a secret, a path of this machine or a traceback."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from support.recorded_bot import RecordedBot
from support.tapes import eventually

from exporter.ops.application import create_app
from exporter.ops.lifetime import Lifetime
from trading_bot.boot.access import add_person, create_key
from trading_bot.boot.clock import SystemClock
from trading_bot.boot.home import Home
from trading_bot.boot.passwords import hash_password
from trading_bot.boot.roles import Role
from trading_bot.boot.settings import BootSettings

PASSWORD = "correct horse battery"
TOKEN = "an-operate-key-of-the-environment"
TRACES = ("Traceback", 'File "')
PATHS = st.sampled_from(
    ("auth/token", "auth/refresh", "auth/revoke", "control/pause", "config", "config/validate", "summary")
) | st.text(max_size=30)
NESTED = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.sampled_from(("username", "password", "token", "reason", "settings", "expected_generation"))
BODIES = st.dictionaries(FIELDS, NESTED | st.just(PASSWORD), max_size=4) | NESTED
METHODS = st.sampled_from(("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"))


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Home:
    home = Home(tmp_path_factory.mktemp("secrets") / "home").create()
    add_person(home.people, "ada", Role.OPERATE, hash_password(PASSWORD), 0)
    return home


@pytest.fixture(scope="module")
def secrets(home) -> list[str]:
    _, made = create_key(home.known_keys, "program", Role.OPERATE, 0)
    files = (home.read_key, home.operate_key, home.venue_key, home.venue_secret)
    return [made, TOKEN, str(home.path), *(path.read_text().strip() for path in files)]


@pytest.fixture(scope="module")
def client(home, secrets) -> Iterator[FlaskClient]:
    settings = BootSettings(
        home=home.path, stream_port=0, api_auth_token=TOKEN, api_rate_limit="1000000/minute"
    )
    with RecordedBot(home, SystemClock()) as bot:
        bot.live()
        lifetime = Lifetime.begin(settings, SystemClock())
        eventually(lambda: lifetime.needs.view.caught_up)
        yield create_app(lifetime.needs).test_client()
        lifetime.end("the test is over")


REQUESTS = st.fixed_dictionaries(
    {"path": PATHS, "method": METHODS, "body": BODIES, "raw": st.none() | st.binary(max_size=60)}
)


@given(request=REQUESTS, operates=st.booleans())
def test_an_answer_tells_no_secret(client, home, secrets, request, operates):
    headers = {"X-API-Key": home.operate_key.read_text().strip()} if operates else {}
    raw = request["raw"]
    sent = {"json": request["body"]} if raw is None else {"data": raw, "content_type": "application/json"}
    response = client.open(f"/api/v1/{request['path']}", method=request["method"], headers=headers, **sent)
    told = response.get_data(as_text=True) + str(response.headers)
    assert response.status_code != 500
    assert not [secret for secret in secrets if secret in told]
    assert not [trace for trace in TRACES if trace in told]
    assert PASSWORD not in told or not request["path"].startswith("auth")
