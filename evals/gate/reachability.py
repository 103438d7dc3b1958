"""Checks before a run that the judge and the agent answer, so that a run without a network ends at once."""

import os
import ssl
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from evals.gate.pins import Judge
from evals.gate.report import Code, Reason

_SECONDS = 15


def problem(judge: Judge) -> Reason | None:
    """Why no run can succeed; nothing here costs a token."""
    return _judge_problem(judge) or _agent_problem(os.environ.get("EVAL_AGENT_URL"))


def _judge_problem(judge: Judge) -> Reason | None:
    # OpenAI's "retrieve model": 401 for a wrong key, 404 for a model that the key may not use. A restricted
    # key may get 403 here and still judge, so the run itself finds out about every other status.
    url = f"{judge.base_url}/models/{judge.model}"
    status = _status(url, {"Authorization": f"Bearer {os.environ['OPENAI_API_KEY']}"})
    if isinstance(status, str):
        message = f"The judge at {judge.base_url} cannot be reached: {status}. Check the network, the proxy and DNS."
        return Reason(code=Code.JUDGE_UNREACHABLE, message=message)
    if status in (401, 404):
        message = (
            f"The judge at {judge.base_url} refused OPENAI_API_KEY: it is wrong or revoked. Replace it."
            if status == 401
            else f"{judge.base_url} has no model {judge.model} for this OPENAI_API_KEY. Use a key that may use it."
        )
        return Reason(code=Code.JUDGE_REFUSED_KEY, message=message)
    return None


def _agent_problem(url: str | None) -> Reason | None:
    if not url:
        return None
    # Any answer shows that there is a server; GET may be refused where POST is not.
    status = _status(url, {})
    if not isinstance(status, str):
        return None
    message = f"The agent at {url} cannot be reached: {status}. Check EVAL_AGENT_URL, and that the agent runs."
    return Reason(code=Code.AGENT_UNREACHABLE, message=message)


def _status(url: str, headers: dict[str, str]) -> int | str:
    """The status of the answer, or why there was none."""
    if not url.startswith(("http://", "https://")):
        return "the address does not begin with http:// or https://"
    try:
        with urlopen(Request(url, headers=headers), timeout=_SECONDS) as response:
            return int(response.status)
    except HTTPError as error:
        return error.code
    except URLError as error:
        if isinstance(error.reason, ssl.SSLCertVerificationError):
            return 0  # there is a server; the run's own client has its own list of authorities
        return str(getattr(error.reason, "strerror", None) or error.reason)
    except TimeoutError:
        return f"no answer in {_SECONDS} seconds"
    except (OSError, ValueError) as error:
        return str(error)
