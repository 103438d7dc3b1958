"""Answers of providers: two protocols, and what cannot be read."""

import json
import time

from evalctl.conformance.bench import Bench
from evalctl.conformance.check import check
from evalctl.conformance.waiting import require
from evalctl.local_servers.provider_protocols import Answer

# A valid completion whose text is not what the prompt requests.
_NOT_A_JUDGEMENT = json.dumps(
    {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 0,
        "model": "m",
        "choices": [
            {
                "index": 0,
                "finish_reason": "stop",
                "message": {"role": "assistant", "content": "I cannot judge this."},
            }
        ],
        "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
    }
)


@check("an answer that is no JSON, or of another form, fails at most its job")
def garbage(bench: Bench) -> str:
    worker = bench.worker
    outcomes = []
    for text in ("<html>busy</html>", "{}", _NOT_A_JUDGEMENT):
        with bench.platform.provider.behaving(lambda _, t=text: Answer(text=t)):  # type: ignore[misc]
            jobs = bench.finished(bench.start(1))
        require(worker.is_alive and not worker.has_ended, f"the worker ended after {text}")
        outcomes.append("failed" if jobs.failed else "done")
    require(outcomes == ["failed"] * 3, f"jobs without a judgement ended as {outcomes}")
    bench.done(bench.start(1))
    return "three jobs failed, and the next one succeeded"


@check("Anthropic's protocol is used for a judge of Anthropic")
def anthropic(bench: Bench) -> str:
    worker, since = bench.worker, time.monotonic()
    run = bench.start(1, provider="anthropic")
    bench.done(run)
    made = bench.platform.provider.made(worker.name, since=since)
    providers = {call.request.provider for call in made}
    require(providers == {"anthropic"}, f"the providers called are {providers}")
    key = bench.platform.worker_secret("ANTHROPIC_API_KEY")
    require({call.request.key for call in made} == {key}, "the calls carry another key")
    return f"{len(made)} calls with the key of Anthropic"
