"""The compose file keeps its promises: hardened, pinned, on loopback, and the bot waits for no telemetry."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[3]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
OURS = {"exchange", "bot", "exporter", "ops", "ready", "scrape-key", "page-key"}
ONCE = {"ready", "scrape-key", "page-key"}
"""Services that do one thing and end."""
LONGER = {"mimir", "remote-writer"}
"""Services of the profile that keeps metrics for longer."""
TELEMETRY = {"otel-collector", "prometheus", "alertmanager", "grafana", "tempo", "loki", *LONGER}

each_service = pytest.mark.parametrize("name", SERVICES)


def test_the_whole_stack_is_there():
    assert set(SERVICES) == OURS | TELEMETRY


@each_service
def test_a_service_can_do_no_more_than_it_must(name):
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["mem_limit"]
    assert service["pids_limit"]
    assert service["logging"]["options"]["max-size"]
    assert "privileged" not in service
    assert service["restart"] == ("no" if name in ONCE else "unless-stopped")


@each_service
def test_an_image_is_pinned_by_its_version(name):
    tag = re.sub(r"\$\{\w+:-(.+)\}", r"\1", SERVICES[name]["image"].split(":", 1)[1])
    assert re.fullmatch(r"v?\d+\.\d+\.\d+", tag)


@each_service
def test_ports_are_open_on_loopback_alone(name):
    for port in SERVICES[name].get("ports", []):
        assert port.startswith("127.0.0.1:")


@pytest.mark.parametrize("name", sorted(OURS))
def test_our_processes_share_one_user_and_are_told_who_restarts_them(name):
    assert SERVICES[name]["user"] == "10001:10001"
    if name not in ONCE:
        assert SERVICES[name]["environment"]["TICKERTAPE_SUPERVISOR"] == "compose"
        assert SERVICES[name]["volumes"] == ["home:/var/lib/tickertape"]


def test_the_home_is_a_named_volume_that_nobody_else_mounts():
    users = {
        name for name, service in SERVICES.items() if any("home:" in v for v in service.get("volumes", []))
    }
    assert users == OURS - {"ready"}
    assert "home" in COMPOSE["volumes"]


def test_prometheus_gets_the_read_key_and_nothing_else_of_the_home():
    key = SERVICES["scrape-key"]
    assert key["entrypoint"][-2:] == ["/var/lib/tickertape/api-key", "/var/lib/scrape/api-key"]
    assert key["volumes"] == ["home:/var/lib/tickertape:ro", "scrape:/var/lib/scrape"]
    assert key["network_mode"] == "none"
    assert "scrape:/etc/prometheus/scrape:ro" in SERVICES["prometheus"]["volumes"]
    scraped = yaml.safe_load((ROOT / "alerts" / "prometheus.yml").read_text())["scrape_configs"]
    (ops,) = (job for job in scraped if job["job_name"] == "tickertape-ops")
    assert ops["authorization"] == {"credentials_file": "scrape/api-key"}


def test_the_bot_waits_for_the_exchange_and_for_no_telemetry():
    assert set(SERVICES["bot"]["depends_on"]) == {"exchange"}
    for name in TELEMETRY | {"exporter", "ops"}:
        assert not set(SERVICES[name].get("depends_on", {})) & OURS


@each_service
def test_what_is_mounted_from_the_checkout_exists_and_is_read_only(name):
    for volume in SERVICES[name].get("volumes", []):
        if volume.startswith("./"):
            source, _, mode = volume.split(":")
            assert (ROOT / source).exists()
            assert mode == "ro"


@each_service
def test_no_image_without_a_shell_has_a_health_check_in_it(name):
    if name in {"tempo", "loki", "otel-collector"}:
        assert "healthcheck" not in SERVICES[name]


def test_every_variable_is_documented_with_its_default():
    text = (ROOT / "docker-compose.yml").read_text()
    used = dict(re.findall(r"\$\{(\w+):-([^}]*)\}", text))
    documented = dict(re.findall(r"^(\w+)=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert documented == used
    assert not re.findall(r"\$\{\w+\}", text)


def test_the_service_ready_asks_every_service_that_can_be_asked():
    asked = {each.split("=")[0] for each in SERVICES["ready"]["command"]}
    assert asked == set(SERVICES) - ONCE - LONGER - {"bot", "exchange"}


def test_metrics_are_kept_for_longer_only_where_the_profile_is_asked_for():
    assert {name for name, service in SERVICES.items() if "profiles" in service} == LONGER
    assert {tuple(SERVICES[name]["profiles"]) for name in LONGER} == {("mimir",)}
    waited_for = {other for service in SERVICES.values() for other in service.get("depends_on", {})}
    assert not waited_for & LONGER


def test_what_is_written_to_mimir_is_what_prometheus_scrapes_and_reckons():
    ours = yaml.safe_load((ROOT / "alerts" / "prometheus.yml").read_text())
    writer = yaml.safe_load((ROOT / "stack" / "remote-writer.yml").read_text())
    mimir = yaml.safe_load((ROOT / "stack" / "mimir.yaml").read_text())
    assert (writer["global"], writer["rule_files"]) == (ours["global"], ours["rule_files"])
    bots = [job for job in ours["scrape_configs"] if job["job_name"].startswith("tickertape")]
    assert writer["scrape_configs"] == bots
    assert "alerting" not in writer
    port = mimir["server"]["http_listen_port"]
    assert [each["url"] for each in writer["remote_write"]] == [f"http://mimir:{port}/api/v1/push"]
    assert "mimir:/data" in SERVICES["mimir"]["volumes"]


def test_the_image_runs_as_nobody_special_and_carries_only_what_is_named():
    dockerfile = (ROOT / "Dockerfile").read_text()
    stages = re.findall(r"^FROM (\S+)", dockerfile, re.MULTILINE)
    assert len(stages) == 2
    assert all(re.search(r":\d+\.\d+-", stage) for stage in stages)
    assert "\nUSER 10001:10001\n" in dockerfile
    assert "--require-hashes" in dockerfile
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in ignored
    for copied in re.findall(r"^COPY (?!--from)(.+) \S+$", dockerfile, re.MULTILINE):
        assert {f"!{name}" for name in copied.split()} <= set(ignored)
