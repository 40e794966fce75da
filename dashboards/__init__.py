"""Grafana boards, built from the telemetry catalogue."""
