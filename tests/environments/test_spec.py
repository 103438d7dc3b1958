"""The short form of requests and limits."""

import re

import pytest

from environments.spec import Compute


def test_requests_and_limits_are_written_as_kubernetes_quantities() -> None:
    compute = Compute.of(cpu="50m", cpu_limit="500m", memory="64Mi", memory_limit="2048Mi")

    assert compute.as_manifest() == {
        "requests": {"cpu": "50m", "memory": "64Mi"},
        "limits": {"cpu": "500m", "memory": "2048Mi"},
    }


@pytest.mark.parametrize(
    ("cpu", "memory", "message"),
    [
        ("0.5", "64Mi", "cpu='0.5': write a whole number and the unit m, as in \"250m\""),
        ("64Mi", "64Mi", "cpu='64Mi': write a whole number and the unit m, as in \"250m\""),
        ("50m", "1Gi", "memory='1Gi': write a whole number and the unit Mi, as in \"250Mi\""),
        ("50m", "-1Mi", "memory='-1Mi': write a whole number and the unit Mi, as in \"250Mi\""),
    ],
)
def test_another_unit_is_refused_with_what_to_write(cpu: str, memory: str, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        Compute.of(cpu=cpu, cpu_limit="500m", memory=memory, memory_limit="64Mi")
