"""Reads `images.json`, the one file that a release edits."""

import json
from pathlib import Path

from environments.spec import Images

FILE = Path(__file__).with_name("images.json")


def images_of(environment: str) -> Images:
    """The image digests that run in an environment.

    Raises:
        ValueError: `images.json` is not JSON, or lacks the environment or one of its images.
    """
    try:
        digests = json.loads(FILE.read_text())[environment]
        return Images(
            orchestrator=digests["orchestrator"],
            worker=digests["worker"],
            postgres_client=digests["postgres-client"],
            clickhouse_client=digests["clickhouse-client"],
        )
    except json.JSONDecodeError as error:
        raise ValueError(f"environments/images.json is not JSON: {error}") from error
    except KeyError as missing:
        raise ValueError(
            f"environments/images.json: {missing} is missing for the environment {environment!r}; "
            "add the digest that its registry shows."
        ) from missing
