"""The number of jobs that the workers' autoscaler reads, computed by the real Prometheus."""

import subprocess
from pathlib import Path

import pytest
import yaml

from environments.names import REDIS_QUEUE_KEY
from telemetry.queue_length import UNFINISHED_JOBS
from tests.support import tools

# Two exporters measure the same queue.
WAITING = {f'redis_key_size{{key="{REDIS_QUEUE_KEY}", pod="{pod}"}}': "10" for pod in "ab"}
OTHER_LIST = {'redis_key_size{key="other"}': "99"}
RUNNING = {f'eval_jobs_in_progress{{job="worker", pod="{pod}"}}': "3" for pod in "ab"}
OF_ANOTHER_PROGRAM = {'eval_jobs_in_progress{job="other", pod="a"}': "5"}


@pytest.mark.parametrize(
    ("series", "value"),
    [
        ({**WAITING, **OTHER_LIST, **RUNNING, **OF_ANOTHER_PROGRAM}, 16),
        (WAITING, 10),  # no worker runs, or none is measured
        (RUNNING, None),  # the queue cannot be measured: the number of workers does not fall
    ],
    ids=["jobs that wait and run", "no workers", "no queue"],
)
def test_jobs_that_wait_or_run_are_counted_once(
    series: dict[str, str], value: int | None, tmp_path: Path
) -> None:
    promtool = tools.program("promtool", get_it="install Debian's package prometheus")
    case = {
        "evaluation_interval": "1m",
        "tests": [
            {
                "input_series": [
                    {"series": name, "values": values} for name, values in series.items()
                ],
                "promql_expr_test": [
                    {
                        "expr": UNFINISHED_JOBS,
                        "eval_time": "0m",
                        "exp_samples": [] if value is None else [{"labels": "{}", "value": value}],
                    }
                ],
            }
        ],
    }
    (tmp_path / "case.yaml").write_text(yaml.safe_dump(case))
    result = subprocess.run(
        [promtool, "test", "rules", "case.yaml"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
