"""The page of an environment: what runs there, made from what is rendered."""
