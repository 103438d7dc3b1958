"""The LLM providers' own SDKs, with their retries off: what a call needs, returns, and how it fails."""

import asyncio
import email.utils
import time
from dataclasses import dataclass

import anthropic
import openai
from deepeval.models.llms.constants import ANTHROPIC_MODELS_DATA, OPENAI_MODELS_DATA

MOST_OUTPUT_TOKENS = 4096
# The SDKs check no types: a missing field is found on use.
_WRONG_TYPES = (ValueError, TypeError, LookupError, AttributeError)
_NOT_THE_FORMAT = (openai.APIError, anthropic.APIError, *_WRONG_TYPES)
_PRICES = {"openai": OPENAI_MODELS_DATA, "anthropic": ANTHROPIC_MODELS_DATA}


@dataclass(frozen=True)
class Answer:
    """A model's text, and the tokens that the provider bills."""

    text: str
    input_tokens: int
    output_tokens: int


class CallError(Exception):
    """A call failed; `error_type` is the HTTP status, or one word."""

    def __init__(self, error_type: str, message: str, *, retry_after_seconds: float = 0) -> None:
        super().__init__(message)
        self.error_type = error_type
        self.retry_after_seconds = retry_after_seconds


class JudgeError(Exception):
    """No call can be made: a key or a price is missing."""


class OpenAI:
    def __init__(self, key: str, seconds: float) -> None:
        self._client = openai.AsyncOpenAI(api_key=key, max_retries=0, timeout=seconds)

    async def ask(self, model: str, prompt: str) -> Answer:
        reply = await self._client.chat.completions.create(
            model=model,
            messages=[{"role": "user", "content": prompt}],
            max_completion_tokens=MOST_OUTPUT_TOKENS,
        )
        if reply.usage is None:
            raise ValueError("the answer has no usage")
        text = reply.choices[0].message.content or ""
        return Answer(text, reply.usage.prompt_tokens, reply.usage.completion_tokens)


class Anthropic:
    def __init__(self, key: str, seconds: float) -> None:
        self._client = anthropic.AsyncAnthropic(api_key=key, max_retries=0, timeout=seconds)

    async def ask(self, model: str, prompt: str) -> Answer:
        reply = await self._client.messages.create(
            model=model,
            messages=[{"role": "user", "content": prompt}],
            max_tokens=MOST_OUTPUT_TOKENS,
        )
        text = "".join(block.text for block in reply.content if block.type == "text")
        return Answer(text, reply.usage.input_tokens, reply.usage.output_tokens)


# `OPENAI_BASE_URL` and `ANTHROPIC_BASE_URL`, the SDKs' own, change the address.
CLIENTS: dict[str, type[OpenAI] | type[Anthropic]] = {"openai": OpenAI, "anthropic": Anthropic}


def cost_usd(name: str, model: str, answer: Answer) -> float:
    """By DeepEval's price list.

    Raises:
        JudgeError: the model is not in the list, so its cost would be missing from the budget.
    """
    data = _PRICES[name].get(model)
    if data is None or data.input_price is None or data.output_price is None:
        raise JudgeError(f"the price of {name}'s model {model!r} is not in DeepEval's list")
    return float(answer.input_tokens * data.input_price + answer.output_tokens * data.output_price)


async def ask_once(
    client: OpenAI | Anthropic, model: str, prompt: str, *, seconds: float
) -> Answer:
    """One call, with every failure as a CallError."""
    try:
        # The SDKs' own limit is for each read; an answer may arrive byte by byte.
        async with asyncio.timeout(seconds):
            return await client.ask(model, prompt)
    except (TimeoutError, openai.APITimeoutError, anthropic.APITimeoutError) as error:
        raise CallError("timeout", f"no answer within {seconds} s") from error
    except (openai.APIStatusError, anthropic.APIStatusError) as error:
        wait = _seconds(error.response.headers.get("retry-after", ""))
        raise CallError(str(error.status_code), str(error), retry_after_seconds=wait) from error
    except (openai.APIConnectionError, anthropic.APIConnectionError) as error:
        raise CallError("connection", f"{error} ({error.__cause__})") from error
    except _NOT_THE_FORMAT as error:
        raise CallError("invalid_response", f"not the provider's format: {error}") from error


def _seconds(retry_after: str) -> float:
    """Retry-After is a number of seconds, or a date (RFC 9110, section 10.2.3)."""
    try:
        return max(0.0, float(retry_after))
    except ValueError:
        date = email.utils.parsedate_tz(retry_after)
        return max(0.0, email.utils.mktime_tz(date) - time.time()) if date else 0.0
