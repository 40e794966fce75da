"""What an operation says about itself, beside its handler, and the OpenAPI document made of all of them."""

from __future__ import annotations

from exporter.ops.documentation.operation import Operation, documented

__all__ = ["Operation", "documented"]
