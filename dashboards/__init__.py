"""The observation plane: what is watched, declared once, and how boards, alerts and runbooks are written."""
