"""How boards are written for Grafana: dashboard JSON and the objects that carry it."""
