"""How the stand-in of the LLM providers behaves in the demo: late, and sometimes with a refusal.

Its answers come from fixed rules (evalctl/local_servers/judge_rules.py). Times and refusals are invented.
"""

import math
import random
import threading
from collections import Counter

from evalctl.demo.sample import SEED
from evalctl.local_servers.provider import Behaviour
from evalctl.local_servers.provider_protocols import Answer, Request

# The rendered limits are shares of a provider's limits, and would make the demo last for many minutes.
LIMITS = {"LLM_REQUESTS_PER_MINUTE": "10000", "LLM_TOKENS_PER_MINUTE": "50000000"}
LINES = (
    "OpenAI and Anthropic: a server on this machine. It judges by fixed rules, without a model; nothing is a "
    "recorded judgement, because the project had no provider's key to record one. Its delays, one "
    "refusal (429) in fifty calls and one overload (5xx) in a hundred are invented. It may refuse a "
    "call for good (400), whose job then fails.",
    "The agent: its answers are recorded (evals/answers.jsonl). The demo adds a wrong sentence to some of them.",
    "S3: moto. ClickHouse: its own engine, behind a small HTTP server instead of a cluster of nodes.",
    "kube-state-metrics: a server that counts the programs whose readiness probe succeeds.",
    f"The limit of calls: {LIMITS['LLM_REQUESTS_PER_MINUTE']} a minute for each worker instead of the rendered "
    "one, so that the demo ends within minutes.",
)
# The median of an answer's time, in seconds.
_MEDIAN_SECONDS = {"openai": 0.5, "anthropic": 0.7}
_SPREAD = 0.45  # 95 of 100 answers then take less than 2.1 times the median
_REFUSAL_SECONDS = 0.05
_RATE_LIMITED = 0.02  # share of calls
_OVERLOADED = 0.01  # share of calls
# OpenAI's and Anthropic's own status when they have no capacity.
_OVERLOADED_STATUS = {"openai": 503, "anthropic": 529}
_REJECTED = (
    0.0006  # share of calls with a status that workers do not try again, so that the job fails
)


def behaviour() -> Behaviour:
    """The same prompt is answered in the same way in each run of the demo."""
    times_sent: Counter[str] = Counter()
    lock = threading.Lock()

    def answer(request: Request) -> Answer:
        prompt = f"{SEED} {request.model} {request.prompt}"
        with lock:
            times_sent[prompt] += 1
            sent = times_sent[prompt]
        return _answer(request.provider, random.Random(f"{prompt} {sent}"))

    return answer


def _answer(provider: str, chance: random.Random) -> Answer:
    if chance.random() < _REJECTED:
        return Answer(status=400, after_seconds=_REFUSAL_SECONDS)
    fate = chance.random()
    if fate < _RATE_LIMITED:
        return Answer(status=429, retry_after="1", after_seconds=_REFUSAL_SECONDS)
    if fate < _RATE_LIMITED + _OVERLOADED:
        return Answer(status=_OVERLOADED_STATUS[provider], after_seconds=_REFUSAL_SECONDS)
    return Answer(after_seconds=chance.lognormvariate(math.log(_MEDIAN_SECONDS[provider]), _SPREAD))
