"""What OpenAI and Anthropic receive and return, as far as a judge uses it."""

import json
from dataclasses import dataclass

from evalctl.local_servers import judge_rules

Json = dict[str, object]

_CHARACTERS_IN_A_TOKEN = 4  # the usual estimate


@dataclass(frozen=True)
class Request:
    """One call: who made it (the address' first part), of whom, and what it sent."""

    caller: str
    provider: str
    key: str
    body: Json
    prompt: str
    is_retry: bool = False  # as the SDKs mark it

    @property
    def model(self) -> str:
        return str(self.body.get("model", ""))


@dataclass(frozen=True, kw_only=True)
class Answer:
    """How the provider answers a call."""

    status: int = 200
    retry_after: str = ""
    after_seconds: float = 0.0
    text: str | None = None  # the body, instead of a valid one


def content(request: Request, path: str, answer: Answer) -> tuple[bytes, int]:
    """The body, and the tokens that it bills."""
    if answer.text is not None:
        return answer.text.encode(), 0
    if answer.status != 200:
        error = {"type": f"status_{answer.status}", "message": "A refusal of the stand-in."}
        return json.dumps({"type": "error", "error": error}).encode(), 0
    text = json.dumps(judge_rules.respond(judge_rules.schema(request.prompt), request.prompt))
    tokens = [1 + len(part) // _CHARACTERS_IN_A_TOKEN for part in (request.prompt, text)]
    if request.provider == "anthropic":
        body = _anthropic(request, text, *tokens)
    elif path.endswith("/responses"):
        body = _openai_response(request, text, *tokens)
    else:
        body = _openai_chat(request, text, *tokens)
    return json.dumps(body).encode(), sum(tokens)


def _openai_chat(request: Request, text: str, prompt_tokens: int, answer_tokens: int) -> Json:
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 0,
        "model": request.model,
        "choices": [
            {
                "index": 0,
                "finish_reason": "stop",
                "message": {"role": "assistant", "content": text, "refusal": None},
            }
        ],
        "usage": {
            "prompt_tokens": prompt_tokens,
            "completion_tokens": answer_tokens,
            "total_tokens": prompt_tokens + answer_tokens,
        },
    }


def _openai_response(request: Request, text: str, prompt_tokens: int, answer_tokens: int) -> Json:
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 0,
        "status": "completed",
        "model": request.model,
        "output": [
            {
                "id": "msg_1",
                "type": "message",
                "role": "assistant",
                "status": "completed",
                "content": [{"type": "output_text", "text": text, "annotations": []}],
            }
        ],
        "parallel_tool_calls": False,
        "tool_choice": "auto",
        "tools": [],
        "usage": {
            "input_tokens": prompt_tokens,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": answer_tokens,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": prompt_tokens + answer_tokens,
        },
    }


def _anthropic(request: Request, text: str, prompt_tokens: int, answer_tokens: int) -> Json:
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": request.model,
        "content": [{"type": "text", "text": text}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": prompt_tokens, "output_tokens": answer_tokens},
    }


def prompt(body: Json) -> str:
    """All text of the request's messages."""
    messages = body.get("messages", body.get("input", []))
    if isinstance(messages, str):
        return messages
    assert isinstance(messages, list)
    return "\n".join(_text(message["content"]) for message in messages)


def _text(content: str | list[dict[str, str]]) -> str:
    return (
        content if isinstance(content, str) else "".join(part.get("text", "") for part in content)
    )
