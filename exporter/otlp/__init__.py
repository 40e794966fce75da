"""Spans and errors, shipped over OTLP from durable cursors."""
