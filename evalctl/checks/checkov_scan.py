"""Runs checkov over folders and prints what it says as JSON; a program of its own, for `policy.py`.

It takes checkov's two runners as a library, because its command line imports every scanner it has,
asks a package registry for updates, passes over files that it cannot read, and joins all folders
into one graph, in which the development environment's NetworkPolicy covers production's pods.
"""

import json
import sys
import tempfile
from pathlib import Path

from checkov.common.output.record import Record
from checkov.common.output.report import Report
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
    """The other one is about container images, which we do not ask for."""
    return reports[0] if isinstance(reports, list) else reports


def _readable(text: str) -> str:
    """The stack without what checkov 3.3 cannot read: `terraform.required_version`, a string.

    It reports nothing at all about a file with one, and calls that a success.
    """
    try:
        stack = json.loads(text)
    except json.JSONDecodeError:
        return text  # checkov cannot read it either, and so it is not among the files read
    stack.pop("//", None)
    settings = stack.pop("terraform", {})
    stack["terraform"] = {key: value for key, value in settings.items() if isinstance(value, dict)}
    return json.dumps(stack, indent=1)  # a line each, so that a line tells the resource


def _addresses(runner: TerraformJsonRunner, file: Path) -> dict[int, str]:
    """First line → address: checkov names `aws_eip.nat` only `resource.nat`, which can be many."""
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

if __name__ == "__main__":
    # Arguments in pairs: scanner, folder.
    jobs = zip(sys.argv[1::2], sys.argv[2::2], strict=True)
    print(json.dumps([SCANNERS[scanner](Path(folder)) for scanner, folder in jobs]))
