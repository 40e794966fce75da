"""Alert and recording rules, built from the catalogue into plain Prometheus files."""
