"""Results over time: a thread keeps samples of equity and results by hour, a request reads them."""

from __future__ import annotations

from exporter.ops.performance.keeper import PerformanceKeeper

__all__ = ["PerformanceKeeper"]
