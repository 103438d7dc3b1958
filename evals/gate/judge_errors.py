"""Classifies the errors that replace a score, and describes what to do about them."""

import re

from evals.gate.report import Code

# Providers mask a key that they refuse, but not always all of it. Reports are published in pull requests.
_KEY = re.compile(r"\b(?:sk|pk|key)-[\w*.\-]{4,}")
_STATUS = re.compile(r"Error code: (\d{3})")


def code(error: str) -> Code:
    """The kind of error, from the message of OpenAI's client or of the spend cap."""
    status = _STATUS.search(error)
    match status[1] if status else "":
        case "401" | "403":
            return Code.JUDGE_REFUSED_KEY
        case "429":
            return Code.JUDGE_RATE_LIMITED
    # OpenAI's APIConnectionError and APITimeoutError, which have no status.
    if error.strip() in ("Connection error.", "Request timed out."):
        return Code.JUDGE_UNREACHABLE
    return Code.SPEND_CAP if "has spent its cap" in error else Code.METRIC_ERRORED


def what_to_do(code: Code) -> str:
    """The next step for the reader."""
    match code:
        case Code.JUDGE_REFUSED_KEY:
            return "OPENAI_API_KEY is wrong, revoked, or may not use the judge's model: replace it."
        case Code.JUDGE_UNREACHABLE:
            return (
                "The judge cannot be reached: check the network, the proxy and DNS, and run again."
            )
        case Code.JUDGE_RATE_LIMITED:
            return (
                "The provider refused every attempt: wait and run again, lower parallel_cases in "
                "evals/gate/pins.py, or check whether the account's quota is used up."
            )
        case Code.SPEND_CAP:
            return "To allow more, raise caps.usd in evals/gate/pins.py."
    return "Read deepeval.log in the folder of results, and run again."


def redacted(error: str, *, limit: int = 300) -> str:
    """The error on one line, without keys, shortened."""
    line = _KEY.sub("[key]", " ".join(error.split()))
    return line if len(line) <= limit else line[: limit - 1] + "…"
