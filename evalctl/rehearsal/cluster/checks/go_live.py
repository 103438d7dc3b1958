"""Whether `evalctl checklist --live` reads the running cluster and the emulated account."""

import json
from collections.abc import Mapping
from typing import Any

from evalctl.processes import CommandFailedError
from evalctl.rehearsal.cluster import applications
from evalctl.rehearsal.cluster.cluster import Cluster
from evalctl.rehearsal.cluster.commands import evalctl
from evalctl.rehearsal.cluster.result import Result, result


async def check(cluster: Cluster) -> Result:
    """Each Application and the cluster's version are answered; other answers need a real account."""
    name = "`evalctl checklist --live` answers from the cluster and from AWS"
    try:
        printed = await evalctl(
            *("checklist", cluster.env.name, "--live", "--format", "json"),
            *("--context", cluster.plane.context),
            checkout=cluster.served.folder,
            environment=cluster.environment,
        )
    except CommandFailedError as error:
        printed = error.reason  # it fails for what only a real account has, such as a certificate
    start = printed.find("{")
    if start < 0:
        return result(name, [printed], "")
    document: Mapping[str, Any] = json.JSONDecoder().raw_decode(printed, start)[0]
    answers = {answer["about"]: answer for answer in document["live"]}
    wanted = {f"Application {each}" for each in await applications.read(cluster.client)}
    problems = [
        f"{about}: {answers[about]['found'] if about in answers else 'there is no answer'}"
        for about in sorted({"the cluster"} | wanted)
        if about not in answers or not answers[about]["holds"]
    ]
    sources = sorted({answer["source"] for answer in answers.values()})
    return result(name, problems, f"{len(answers)} answers from {', '.join(sources)}")
