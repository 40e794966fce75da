"""Grafana's provisioning: fixed uids, and the ways from metric to trace to log and back."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[3]
PROVISIONING = ROOT / "dashboards" / "provisioning"
STACK = ROOT / "stack"


@pytest.fixture
def sources():
    loaded = yaml.safe_load((PROVISIONING / "datasources" / "tickertape.yaml").read_text())
    return {source["uid"]: source for source in loaded["datasources"]}


def test_data_sources_have_the_uids_that_boards_rely_on(sources):
    assert {uid: source["type"] for uid, source in sources.items()} == {
        "prometheus": "prometheus",
        "mimir": "prometheus",
        "tempo": "tempo",
        "loki": "loki",
    }
    assert [uid for uid, source in sources.items() if source.get("isDefault")] == ["prometheus"]


def test_an_exemplar_opens_its_trace_a_trace_its_logs_and_a_log_record_its_trace(sources):
    exemplar = sources["prometheus"]["jsonData"]["exemplarTraceIdDestinations"][0]
    assert (exemplar["name"], exemplar["datasourceUid"]) == ("trace_id", "tempo")
    logs = sources["tempo"]["jsonData"]["tracesToLogsV2"]
    assert logs["datasourceUid"] == "loki"
    assert 'trace_id = "$${__trace.traceId}"' in logs["query"]
    field = sources["loki"]["jsonData"]["derivedFields"][0]
    assert (field["matcherType"], field["matcherRegex"], field["datasourceUid"]) == (
        "label",
        "trace_id",
        "tempo",
    )


def test_grafana_takes_the_scrape_interval_that_prometheus_has(sources):
    scraped = yaml.safe_load((ROOT / "alerts" / "prometheus.yml").read_text())
    assert sources["prometheus"]["jsonData"]["timeInterval"] == scraped["global"]["scrape_interval"]


def test_mimir_is_asked_where_it_listens_and_is_not_the_default(sources):
    listens = yaml.safe_load((STACK / "mimir.yaml").read_text())["server"]["http_listen_port"]
    assert sources["mimir"]["url"] == f"http://mimir:{listens}/prometheus"
    assert not sources["mimir"].get("isDefault")


def test_boards_are_read_from_where_compose_mounts_them():
    provider = yaml.safe_load((PROVISIONING / "dashboards" / "tickertape.yaml").read_text())["providers"][0]
    compose = (ROOT / "docker-compose.yml").read_text()
    assert f"./dashboards/generated:{provider['options']['path']}:ro" in compose
    assert provider["allowUiUpdates"] is False


def test_what_the_collector_ships_to_is_where_tempo_and_loki_listen():
    collector = yaml.safe_load((STACK / "otel-collector.yaml").read_text())
    tempo = yaml.safe_load((STACK / "tempo.yaml").read_text())
    loki = yaml.safe_load((STACK / "loki.yaml").read_text())
    port = tempo["distributor"]["receivers"]["otlp"]["protocols"]["http"]["endpoint"].split(":")[1]
    assert collector["exporters"]["otlp_http/tempo"]["endpoint"] == f"http://tempo:{port}"
    address = f"http://loki:{loki['server']['http_listen_port']}/otlp"
    assert collector["exporters"]["otlp_http/loki"]["endpoint"] == address
    named = {
        name for pipeline in collector["service"]["pipelines"].values() for name in pipeline["exporters"]
    }
    assert named == set(collector["exporters"])


def test_loki_makes_labels_of_what_the_boards_and_links_select_by(sources):
    loki = yaml.safe_load((STACK / "loki.yaml").read_text())
    rules = loki["limits_config"]["otlp_config"]["resource_attributes"]["attributes_config"]
    labels = {
        name.replace(".", "_")
        for rule in rules
        if rule["action"] == "index_label"
        for name in rule["attributes"]
    }
    assert "service_namespace" in labels
    assert "{service_namespace=" in sources["tempo"]["jsonData"]["tracesToLogsV2"]["query"]
