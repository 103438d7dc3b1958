"""The observation plane: what is watched, and how boards, alerts and runbooks are written."""
