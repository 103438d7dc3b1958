"""The agent under test: an address, or recorded answers as long as there is none."""

import json
import os
from pathlib import Path
from urllib.request import Request, urlopen

from evals.gate.dataset import Case

RECORDED = "answers.jsonl"  # in the data set's folder
_SECONDS = 60


class AgentError(Exception):
    """The agent gave no answer to a case."""


def answer(case: Case, *, recorded: Path) -> str:
    """The agent's answer to the question of a case, given its context.

    `EVAL_AGENT_URL` receives `{"question": …, "context": […]}` by POST and returns `{"answer": …}`.
    """
    url = os.environ.get("EVAL_AGENT_URL")
    return _query(url, case) if url else _recorded(case, recorded)


def _query(url: str, case: Case) -> str:
    headers = {"Content-Type": "application/json"}
    if token := os.environ.get("EVAL_AGENT_TOKEN"):
        headers["Authorization"] = f"Bearer {token}"
    body = json.dumps({"question": case.question, "context": case.context}).encode()
    try:
        with urlopen(Request(url, data=body, headers=headers), timeout=_SECONDS) as response:
            reply = json.load(response)
    except (OSError, ValueError) as error:
        raise AgentError(f"{case.id}: {url} did not answer: {error}") from error
    return _text(reply, case)


def _recorded(case: Case, file: Path) -> str:
    for line in file.read_text(encoding="utf-8").splitlines():
        reply = json.loads(line)
        if reply["id"] == case.id:
            return _text(reply, case)
    raise AgentError(f"{case.id}: no answer is recorded in {file.name}")


def _text(reply: object, case: Case) -> str:
    text = reply.get("answer") if isinstance(reply, dict) else None
    if not isinstance(text, str) or not text.strip():
        raise AgentError(f"{case.id}: the agent's reply has no `answer`")
    return text
