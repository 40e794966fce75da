"""The metrics page: plain state rendered as Prometheus families, one module a subject."""
