"""How alerts are written: Prometheus rules, Alertmanager routes, Slack messages."""
