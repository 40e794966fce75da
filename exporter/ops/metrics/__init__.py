"""Ops' own process metrics."""

from __future__ import annotations

from exporter.ops.metrics.registry import Registry

__all__ = ["Registry"]
