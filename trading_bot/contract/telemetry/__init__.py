"""The telemetry catalogue: metrics, labels, span names and attributes, each with unit and meaning."""
