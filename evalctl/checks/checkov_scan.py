"""Runs checkov over folders and prints its results as JSON; `policy.py` starts it as a program.

It uses two of checkov's runners as a library. Checkov's command line imports all its scanners, queries a
package registry for updates, and skips files that it cannot read. It also joins all folders into one
graph, in which the development environment's NetworkPolicy would cover production's pods.
"""

import json
import sys
import tempfile
from pathlib import Path

from checkov.common.models.enums import ParallelizationType
from checkov.common.output.record import Record
from checkov.common.output.report import Report
from checkov.common.parallelizer.parallel_runner import ParallelRunner, parallel_runner
from checkov.kubernetes.runner import Runner as KubernetesRunner
from checkov.runner_filter import RunnerFilter
from checkov.terraform_json.runner import TerraformJsonRunner

Entry = dict[str, str]


def scan_terraform(folder: Path) -> dict[str, list[Entry] | list[str]]:
    """One stack: the failures in its only file."""
    (source,) = folder.glob("*.tf.json")
    with tempfile.TemporaryDirectory() as scratch:
        readable = Path(scratch) / source.name
        readable.write_text(_readable(source.read_text()))
        runner = TerraformJsonRunner()
        report = _single(
            runner.run(root_folder=scratch, runner_filter=_only(framework="terraform_json"))
        )
        addresses = _addresses(runner, readable)
        return {
            "read": [str(source)] if str(readable) in runner.definitions else [],
            "failed": [
                _entry(record, source, addresses.get(record.file_line_range[0]))
                for record in report.failed_checks
            ],
            "skipped": [],  # Terraform's JSON has no comments that could hold a skip
        }


def scan_kubernetes(folder: Path) -> dict[str, list[Entry] | list[str]]:
    """All manifests below a folder, as one cluster: policies apply to pods of other apps."""
    files = sorted(map(str, folder.rglob("*.yaml")))
    runner = KubernetesRunner()
    report = _single(
        runner.run(root_folder=None, files=files, runner_filter=_only(framework="kubernetes"))
    )
    return {
        "read": [file for file, objects in runner.definitions.items() if objects],
        "failed": [_entry(record, Path(record.file_abs_path)) for record in report.failed_checks],
        "skipped": [_entry(record, Path(record.file_abs_path)) for record in report.skipped_checks],
    }


def _only(*, framework: str) -> RunnerFilter:
    return RunnerFilter(framework=[framework], show_progress_bar=False)


def _single(reports: Report | list[Report]) -> Report:
    """The first report; a second one would be about container images, which are not scanned."""
    return reports[0] if isinstance(reports, list) else reports


def _readable(text: str) -> str:
    """The stack without what checkov 3.3 cannot read: `terraform.required_version`, a string.

    For a file with one, checkov reports no findings, as if all its checks had passed.
    """
    try:
        stack = json.loads(text)
    except json.JSONDecodeError:
        return text  # checkov cannot read it either, so it is not listed under "read"
    stack.pop("//", None)
    settings = stack.pop("terraform", {})
    stack["terraform"] = {key: value for key, value in settings.items() if isinstance(value, dict)}
    return json.dumps(
        stack, indent=1
    )  # each value on its own line, so that a line number identifies the resource


def _addresses(runner: TerraformJsonRunner, file: Path) -> dict[int, str]:
    """First line → address: checkov calls `aws_eip.nat` only `resource.nat`, which is not unique."""
    blocks = runner.definitions.get(str(file), {}).get("resource", [])
    return {
        body["__startline__"]: f"{type_}.{id_}"
        for block in blocks
        for type_, named in block.items()
        for id_, body in named.items()
    }


def _entry(record: Record, file: Path, address: str | None = None) -> Entry:
    return {
        "file": str(file),
        "resource": address or record.resource,
        "check": record.check_id,
        "message": record.check_name,
    }


SCANNERS = {"terraform": scan_terraform, "kubernetes": scan_kubernetes}


def scan(scanner: str, folder: str) -> dict[str, list[Entry] | list[str]]:
    return SCANNERS[scanner](Path(folder))


if __name__ == "__main__":
    # Arguments in pairs: scanner, folder. To import checkov takes as long as to check eight folders, so that the
    # processes that check are forks of this one. They make no more of them. Checkov forks on Linux only: elsewhere
    # this process checks all.
    forks = ParallelRunner()
    if not forks.running_as_process():
        forks.type = ParallelizationType.NONE
    parallel_runner.type = ParallelizationType.NONE
    jobs = list(zip(sys.argv[1::2], sys.argv[2::2], strict=True))
    print(json.dumps(list(forks.run_function(scan, jobs))))
