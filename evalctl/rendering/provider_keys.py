"""The variables with the LLM providers' keys, as a Markdown table."""

from environments.names import PROVIDER_KEYS


def markdown() -> str:
    """A row for each key."""
    return "\n".join(
        (
            "| variable | for | holds |",
            "| --- | --- | --- |",
            *(
                f"| `{key}` | `worker` | a provider's key; it may be missing |"
                for key in PROVIDER_KEYS
            ),
        )
    )
