"""What can be read of a bot that has traded, over real tapes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask.testing import FlaskClient
from support.recorded_bot import RecordedBot
from support.tapes import eventually

from exporter.ops.application import create_app
from exporter.ops.lifetime import Lifetime
from exporter.ops.representations.catalogue import PAGE_BYTES
from exporter.ops.representations.incident import LIMIT_BYTES
from trading_bot.boot.clock import SystemClock
from trading_bot.boot.home import Home
from trading_bot.boot.settings import BootSettings
from trading_bot.contract.errors import NonRetriableError, RetriableError
from trading_bot.contract.telemetry.metrics import METRICS
from trading_bot.journal import TapeReader

pytestmark = pytest.mark.xdist_group("reading")  # one process for all of them

LISTS = ("conditions", "positions", "orders", "trades", "metrics", "catalogue", "runbooks", "")


class Reader:
    """Asks the application with the home's read key."""

    def __init__(
        self, client: FlaskClient, home: Home, lifetime: Lifetime, bot: RecordedBot | None = None
    ) -> None:
        self.client = client
        self.home = home
        self.bot = bot
        self.lifetime = lifetime
        self.is_alive = True
        self._key = home.read_key.read_text().strip()

    def get(self, path: str, status: int = 200, **headers: str):
        if self.bot is not None and self.is_alive:
            self.bot.beat()
        response = self.client.get(path_of(path), headers={"X-API-Key": self._key, **headers})
        assert response.status_code == status, response.get_data(as_text=True)
        return response

    def json(self, path: str):
        return self.get(path).get_json()


def path_of(path: str) -> str:
    return path if path.startswith("/") else f"/api/v1/{path}"


@contextmanager
def reading(home: Home) -> Iterator[Reader]:
    """A bot that has traded, and the application that has read its tape."""
    with RecordedBot(home, SystemClock()) as bot:
        bot.live()
        settings = BootSettings(home=home.path, stream_port=0, api_rate_limit="100000/second")
        lifetime = Lifetime.begin(settings, SystemClock())
        needs, last = lifetime.needs, bot.tape.position.seq
        eventually(lambda: needs.view.read(lambda state, _h, _p: state.seq) >= last)
        eventually(lambda: needs.shelf.is_read and needs.performance.kept().seq >= last)
        yield Reader(create_app(needs).test_client(), home, lifetime, bot)
        lifetime.end("the test is over")


@pytest.fixture(scope="module")
def reader(tmp_path_factory) -> Iterator[Reader]:
    """For tests that only read."""
    with reading(Home(tmp_path_factory.mktemp("reading") / "home").create()) as reader:
        yield reader


@pytest.fixture
def own(home) -> Iterator[Reader]:
    """For tests that do something to the bot."""
    with reading(home) as reader:
        yield reader


@pytest.mark.parametrize("path", LISTS)
def test_a_list_says_its_limit_and_following_next_gives_every_item_once(reader, path):
    body = reader.json(f"{path}?limit=200")
    (name,) = (
        key for key, value in body.items() if isinstance(value, list) and key not in ("warnings", "begin")
    )
    whole, seen, steps = body[name], [], 0
    page = reader.json(f"{path}?limit=7")
    while True:
        assert page["limit"] == 7
        assert page["returned"] == len(page[name]) <= 7
        assert page["total"] == body["total"]
        assert page["truncated"] == (page["next"] is not None)
        seen += page[name]
        steps += 1
        if page["next"] is None:
            break
        page = reader.json(page["next"])
    if body["next"] is None and path != "metrics":  # ages in metrics grow
        assert seen == whole
    assert len(seen) == body["total"]


def test_orders_are_filtered_by_what_became_of_them(reader):
    assert [one["client_order_id"] for one in reader.json("orders?status=open")["orders"]] == ["A5", "A4"]
    assert [one["client_order_id"] for one in reader.json("orders?status=unknown")["orders"]] == ["A5"]
    closed = reader.json("orders?status=closed")["orders"]
    assert [one["client_order_id"] for one in closed] == ["A6", "A3", "A2", "A1"]
    assert reader.json("orders?symbol=AAPL/USD")["orders"] == []


def test_a_cursor_that_is_gone_is_said_and_not_guessed(reader):
    assert reader.get("orders?after=nobody", 404).get_json()["error_code"] == "API_002"


def test_the_conditions_that_are_not_true_come_first(reader):
    body = reader.json("conditions")
    assert body["conditions"][0]["name"] == "FeedFresh"
    text = reader.get("conditions", Accept="text/markdown")
    assert text.mimetype == "text/markdown"
    assert "**FeedFresh False**" in text.get_data(as_text=True)


def test_an_error_code_says_what_it_means_how_often_it_came_and_what_helps(reader):
    body = reader.json("errors/VENUE_001")
    assert body["count"] == 1
    assert body["last_seen"]
    assert body["last"][0]["message"] == "the venue cannot be reached"
    assert body["cause"]
    assert body["remediation"]
    never = reader.json("errors/AUTH_001")
    assert (never["count"], never["last_seen"]) == (0, None)
    assert never["unknown"]["last_seen"]
    assert reader.get("errors/NONE_999", 404).get_json()["error_code"] == "API_002"


def test_the_type_of_every_problem_can_be_asked_for(reader):
    problem = reader.get("orders?limit=0", 400).get_json()
    assert reader.json(problem["type"])["error_code"] == "API_001"
    for link in problem["next"]:
        reader.get(link["href"])


def test_who_has_no_key_is_told_only_whether_it_is_ready(reader):
    public = reader.client.get("/api/v1/health/readyz").get_json()
    assert public["status"] == "ready"
    assert public["dependencies"] is None
    told = reader.json("health/readyz")["dependencies"]
    assert {one["name"] for one in told} >= {"journal follower", "control tape", "alert poller", "disk"}
    assert all(one["ok"] and one["message"] for one in told)


def test_the_tape_is_read_forwards_and_backwards_by_kind(reader):
    with TapeReader.open(reader.home.journal) as tape:
        every = [envelope.seq for envelope in tape.read(0, 10_000)]
        orders = [one.seq for one in tape.read(0, 10_000) if one.kind.startswith("order.")]
    for query, expected in (("limit=7", every), ("kind=order.*&limit=4", orders)):
        forward, page = [], reader.json(f"events?after=0&{query}")
        while True:
            forward += [one["seq"] for one in page["events"]]
            if page["next"] is None:
                break
            page = reader.json(page["next"])
        backward, page = [], reader.json(f"events?{query}")
        while True:
            backward = [one["seq"] for one in page["events"]] + backward
            if page["previous"] is None:
                break
            page = reader.json(page["previous"])
        assert forward == expected
        assert backward == expected


def test_a_kind_that_does_not_exist_is_refused_with_an_example(reader):
    (fault,) = reader.get("events?kind=order.eaten", 400).get_json()["errors"]
    assert fault["field"] == "kind"
    assert fault["example"] == "order.*"


def test_the_control_tape_is_read_the_same_way(reader):
    (event,) = reader.json("events?tape=control&kind=ops.started")["events"]
    assert event["payload"]["version"]


def test_an_incident_says_what_changed_and_leads_on(own):
    for number in range(30):
        own.bot.fail(RetriableError("VENUE_001", f"error {number}"))
    own.bot.fail(NonRetriableError("FEED_003", "x" * 5000))
    body = own.json("incident?minutes=5")
    assert len(own.get("incident?minutes=5").data) <= LIMIT_BYTES
    said = [one["what"] for one in body["changes"]]
    assert any("paused -> running" in one for one in said)
    assert any("generation 3 by operator" in one for one in said)
    assert any("FeedFresh False (Stale)" in one for one in said)
    counted = {one["error_code"]: one["count"] for one in body["errors"]}
    assert counted == {"VENUE_001": 31, "FEED_003": 1}
    assert body["event_counts"]["error.recorded"] == 32
    (mover,) = (one for one in body["movers"] if one["symbol"] == "EUR/USD")
    assert mover["change_pct"] == pytest.approx((1.0721 / 1.0701 - 1) * 100, abs=0.001)
    for link in body["next"]:
        own.get(link["href"])
    assert "paused -> running" in own.get("incident", Accept="text/markdown").get_data(as_text=True)


def test_before_anything_was_recorded_nothing_changed(reader):
    body = reader.json("incident?at=2001-01-01T00:00:00Z")
    assert body["changes"] == body["errors"] == body["movers"] == []
    assert body["unknown"]["movers"]


def test_the_catalogue_names_every_metric_in_small_pages_with_a_query_each(reader):
    page, names = reader.json("catalogue?limit=200"), []
    while True:
        names += [one["name"] for one in page["entries"]]
        assert all(
            one["query"] and one["meaning"] and one["unit"]
            for one in page["entries"]
            if one["type"] != "recording_rule"
        )
        if page["next"] is None:
            break
        response = reader.get(page["next"])
        assert len(response.data) <= PAGE_BYTES
        page = response.get_json()
    assert names[: len(METRICS)] == list(METRICS)
    found = reader.json("catalogue?search=drawdown")["entries"]
    assert all("drawdown" in one["name"] or "drawdown" in one["meaning"].lower() for one in found)


def test_metrics_are_those_of_the_page_and_gone_when_the_bot_is(own):
    body = own.json("metrics?name=tradingbot_account_equity")
    (family,) = body["metrics"]
    (series,) = family["series"]
    assert series["labels"] == {"bot": "demo"}
    assert series["value"] == pytest.approx(99_997.27785)
    own.bot.die()
    own.is_alive = False
    gone = own.json("metrics?name=tradingbot_account_equity")
    assert gone["metrics"] == []
    assert gone["unknown"]["metrics"]


def test_results_of_the_day_are_those_of_the_fold(reader):
    body = reader.json("performance")
    (day,) = (one for one in body["intervals"] if one["fills"])  # today, unless midnight was just now
    assert day["fills"] == body["totals"]["fills"] == 4
    assert body["totals"]["trade_count"] == 1
    assert body["totals"]["realized_pl"] == reader.json("state")["performance"]["total_realized_pl"]
    assert body["totals"]["pnl"] == reader.json("summary")["daily_pnl"]
    assert body["figures"]["sharpe_ratio"] is None
    assert body["figures"]["unknown"]["sharpe_ratio"]


def test_summary_as_text_says_the_same_in_words(reader):
    text = reader.get("summary", Accept="text/markdown").get_data(as_text=True)
    body = reader.json("summary")
    assert body["health_reason"] in text
    assert body["daily_pnl"] in text
    assert all(link["href"] in text for link in body["next"])
    for link in body["next"]:
        reader.get(link["href"])


@pytest.mark.parametrize("path", ["conditions", "orders", "events", "incident?at=2001-01-01T00:00:00Z"])
def test_an_unchanged_answer_is_304(reader, path):
    first = reader.get(path)
    assert first.headers["Cache-Control"] == "private, no-cache"
    again = reader.get(path, 304, **{"If-None-Match": first.headers["ETag"]})
    assert again.data == b""


@pytest.mark.parametrize(
    "path", ["events", "incident", "performance", "orders", "errors/VENUE_001", "metrics"]
)
def test_what_comes_from_the_tape_names_its_place_on_it(reader, path):
    tape, _, seq = reader.get(path).headers["Tickertape-Position"].split("/")
    assert tape == reader.bot.tape.tape_id
    assert int(seq) == reader.bot.tape.committed


def test_it_is_not_ready_before_the_tape_was_read_and_says_what_is_missing(home):
    lifetime = Lifetime.begin(BootSettings(home=home.path, stream_port=0), SystemClock())
    try:
        lifetime.needs.view.stop()
        lifetime.needs.view.journal._caught_up.clear()
        key = {"X-API-Key": home.read_key.read_text().strip()}
        answer = create_app(lifetime.needs).test_client().get("/api/v1/health/readyz", headers=key)
        assert answer.status_code == 503
        body = answer.get_json()
        assert body["status"] == "not_ready"
        (missing,) = (one for one in body["dependencies"] if not one["ok"])
        assert missing["name"] == "journal follower"
        assert missing["message"]
    finally:
        lifetime.end("the test is over")


def test_without_any_tape_answers_say_so_and_do_not_fail(home):
    lifetime = Lifetime.begin(BootSettings(home=home.path, stream_port=0), SystemClock())
    try:
        eventually(lambda: lifetime.needs.view.caught_up and lifetime.needs.performance.kept().fault)
        reader = Reader(create_app(lifetime.needs).test_client(), home, lifetime)
        for path in ("events", "incident", "performance", "positions", "orders", "trades", "conditions"):
            body = reader.json(path)
            assert body["unknown"] or body.get("warnings"), path
    finally:
        lifetime.end("the test is over")
