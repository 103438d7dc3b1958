"""The agent under test: an address that answers, or answers that were recorded before there was one."""

import json
import os
from pathlib import Path
from urllib.request import Request, urlopen

from evals.gate.dataset import Case

RECORDED = "answers.jsonl"  # beside the data set
_SECONDS = 60


class AgentError(Exception):
    """The agent gave no answer to a case."""


def answer(case: Case, *, recorded: Path) -> str:
    """What the agent says to a question, given what there is to know about it.

    `EVAL_AGENT_URL` gets `{"question": …, "context": […]}` by POST and says `{"answer": …}`.
    """
    url = os.environ.get("EVAL_AGENT_URL")
    return _asked(url, case) if url else _recorded(case, recorded)


def _asked(url: str, case: Case) -> str:
    headers = {"Content-Type": "application/json"}
    if token := os.environ.get("EVAL_AGENT_TOKEN"):
        headers["Authorization"] = f"Bearer {token}"
    body = json.dumps({"question": case.question, "context": case.context}).encode()
    try:
        with urlopen(Request(url, data=body, headers=headers), timeout=_SECONDS) as response:
            said = json.load(response)
    except (OSError, ValueError) as error:
        raise AgentError(f"{case.id}: {url} did not answer: {error}") from error
    return _text(said, case)


def _recorded(case: Case, file: Path) -> str:
    for line in file.read_text(encoding="utf-8").splitlines():
        said = json.loads(line)
        if said["id"] == case.id:
            return _text(said, case)
    raise AgentError(f"{case.id}: no answer is recorded in {file.name}")


def _text(said: object, case: Case) -> str:
    text = said.get("answer") if isinstance(said, dict) else None
    if not isinstance(text, str) or not text.strip():
        raise AgentError(f"{case.id}: the agent's reply has no `answer`")
    return text
