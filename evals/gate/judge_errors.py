"""What stands in the place of a score, told so that somebody can do something about it."""

import re

from evals.gate.report import Code

# Providers mask a key that they refuse, but not always all of it; reports end in pull requests.
_KEY = re.compile(r"\b(?:sk|pk|key)-[\w*.\-]{4,}")
_STATUS = re.compile(r"Error code: (\d{3})")


def code(error: str) -> Code:
    """What kind of error it is, by what OpenAI's client and our budget say."""
    status = _STATUS.search(error)
    match status[1] if status else "":
        case "401" | "403":
            return Code.JUDGE_REFUSED_KEY
        case "429":
            return Code.JUDGE_RATE_LIMITED
    return Code.SPEND_CAP if "has spent its cap" in error else Code.METRIC_ERRORED


def what_to_do(code: Code) -> str:
    """The next step of whoever reads it."""
    match code:
        case Code.JUDGE_REFUSED_KEY:
            return "OPENAI_API_KEY is wrong, revoked, or may not use the judge's model: renew it."
        case Code.JUDGE_RATE_LIMITED:
            return (
                "The provider refused every attempt: wait and run again, lower parallel_cases in "
                "evals/gate/pins.py, or look whether the account's quota is used up."
            )
        case Code.SPEND_CAP:
            return "Is there a reason to spend more? Then raise caps.usd in evals/gate/pins.py."
    return "See deepeval.log beside the results, and run again."


def cleaned(error: str, *, limit: int = 300) -> str:
    """On one line, without keys, and short enough to read."""
    line = _KEY.sub("[key]", " ".join(error.split()))
    return line if len(line) <= limit else line[: limit - 1] + "…"
