"""The orchestrator's API: tokens, idempotency, limits, cancelling."""

import json
import secrets

from evalctl.conformance import api
from evalctl.conformance.bench import Bench
from evalctl.conformance.check import Subject, check
from evalctl.conformance.waiting import holds, require, until

_TOO_LARGE_BYTES = 64 * 1024 * 1024
_SETTLE_SECONDS = 15


@check("a request without the token, or with another, is refused with 401; probes need none")
def token_is_required(bench: Bench) -> str:
    body = json.dumps(api.request(bench.cases(1))).encode()
    statuses = [
        bench.api.send("POST", "/test-runs", body, headers={"Authorization": header}).status
        for header in ("", "Bearer other", f"Basic {bench.api.token_file.read_text()}")
    ]
    require(statuses == [401, 401, 401], f"answered {statuses} instead of 401")
    require(bench.orchestrator.is_ready, "/readyz without a token did not answer 200")
    return "401 without a token, with another, and with another scheme"


@check("a rotated token is read from the file again, without a restart")
def rotated_token(bench: Bench) -> str:
    client, old = bench.api, bench.api.token_file.read_text()
    new = secrets.token_urlsafe(24)
    before = client.send("GET", "/test-runs/0").status
    require(before not in (0, 401), f"the token was answered with {before}")
    bench.platform.replace_api_token(new)
    until(
        lambda: client.send("GET", "/test-runs/0").status not in (0, 401),
        seconds=_SETTLE_SECONDS,
        what="the new token was accepted",
    )
    refused = client.send("GET", "/test-runs/0", headers={"Authorization": f"Bearer {old}"}).status
    require(refused == 401, f"the old token was answered with {refused}")
    return "the new token is accepted, the old one refused"


@check("two requests with one Idempotency-Key make one run; another body with it is refused")
def idempotency_key(bench: Bench) -> str:
    body, key = api.request(bench.cases(2)), secrets.token_hex(8)
    first, second = bench.api.start(body, key=key), bench.api.start(body, key=key)
    require(
        (first.status, second.status) == (202, 202) and first.body["id"] == second.body["id"],
        f"answered {first} and {second}",
    )
    other = bench.api.start(api.request(bench.cases(1)), key=key).status
    require(400 <= other < 500, f"another body with the same key was answered with {other}")
    jobs = sum(bench.api.jobs(str(first.body["id"])).states.values())
    require(jobs == 2, f"the run has {jobs} jobs instead of 2")
    bench.api.cancel(str(first.body["id"]))
    return f"one run of two jobs; another body was answered with {other}"


@check("a body above the limit is refused with 413")
def size_limit(bench: Bench) -> str:
    status = bench.api.send("POST", "/test-runs", b" " * _TOO_LARGE_BYTES).status
    # A server may close the connection while the client still sends.
    require(status in (413, 0), f"64 MiB were answered with {status}")
    declared = bench.api.declared(_TOO_LARGE_BYTES)
    require(declared == 413, f"a body declared as 64 MiB was answered with {declared}")
    return "413"


@check("a request that is not valid is refused with 4xx, and makes no run")
def invalid_requests(bench: Bench) -> str:
    valid = api.request(bench.cases(1))
    broken: dict[str, object] = {
        "no JSON": "{",
        "no cases": valid | {"cases": []},
        "no build": {name: value for name, value in valid.items() if name != "build"},
        "an unknown judge": valid | {"judge": {"provider": "other", "model": "m"}},
        "the same case twice": valid | {"cases": [api.case(1), api.case(1)]},
    }
    answered = {
        what: bench.api.send(
            "POST", "/test-runs", (body if isinstance(body, str) else json.dumps(body)).encode()
        ).status
        for what, body in broken.items()
    }
    require(all(400 <= status < 500 for status in answered.values()), f"answered {answered}")
    return ", ".join(f"{what}: {status}" for what, status in answered.items())


@check("a data set of the bucket becomes the run's cases")
def dataset_in_the_bucket(bench: Bench) -> str:
    cases = bench.cases(3)
    bucket = bench.platform.orchestrator.variables["DATASETS_BUCKET"]
    bench.platform.s3.client().put_object(
        Bucket=bucket,
        Key="conformance.jsonl",
        Body="\n".join(json.dumps(case) for case in cases).encode(),
    )
    body = {name: value for name, value in api.request([]).items() if name != "cases"}
    response = bench.api.start(body | {"dataset_object": "conformance.jsonl"})
    require(response.status == 202, f"answered {response}")
    jobs = sum(bench.api.jobs(str(response.body["id"])).states.values())
    require(jobs == 3, f"the run has {jobs} jobs instead of 3")
    bench.api.cancel(str(response.body["id"]))
    return "three lines became three jobs"


@check("jobs of a cancelled run that no worker has begun do not begin")
def cancelled_run(bench: Bench) -> str:
    bench.stop(Subject.WORKER)
    run = bench.start(3)
    status = bench.api.cancel(run).status
    require(200 <= status < 300, f"the request to cancel was answered with {status}")
    since = len(bench.platform.provider.made())
    _ = bench.worker
    holds(
        lambda: len(bench.platform.provider.made()) == since,
        seconds=3,
        what="no call was made for a cancelled job",
    )
    jobs = bench.api.jobs(run)
    require(jobs.states.get("cancelled") == 3, f"the jobs are {dict(jobs.states)}")
    return "three waiting jobs were cancelled, and none ran"
