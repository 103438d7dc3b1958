"""DeepEval's OpenAI client, with the pinned model, prices, retries and spend cap."""

from pathlib import Path

import openai
from deepeval.models import OpenAIModel
from deepeval.test_case import Audio
from pydantic import BaseModel

from evals.gate.pins import Pins

# After one of these errors, another call fails as well. No more calls saves time and requests.
_PERMANENT = (
    openai.APIConnectionError,  # after all retries: the judge cannot be reached
    openai.AuthenticationError,
    openai.PermissionDeniedError,
    openai.RateLimitError,
)


class JudgeStoppedError(Exception):
    """No further call is made; the message has the first reason."""


class PinnedJudge(OpenAIModel):  # type: ignore[misc]  # DeepEval's types are not followed
    """The judge of a whole run: all metrics of all cases share its budget."""

    def __init__(self, pins: Pins, *, progress: Path) -> None:
        super().__init__(
            model=pins.judge.model,
            base_url=pins.judge.base_url,
            cost_per_input_token=pins.judge.usd_per_million_input_tokens / 1e6,
            cost_per_output_token=pins.judge.usd_per_million_output_tokens / 1e6,
            max_retries=pins.retries.after_first_attempt,
            timeout=pins.retries.seconds_per_attempt,
            # DeepEval makes a client for each call. Each would read all certificates and open a connection.
            async_http_client=openai.DefaultAsyncHttpxClient(),
        )
        self._cap_usd = pins.caps.usd
        self._spent_usd = 0.0
        self._calls = 0
        self._progress = progress
        self._stopped: str | None = None

    async def a_generate(
        self, prompt: str, schema: type[BaseModel] | None = None, audio: list[Audio] | None = None
    ) -> tuple[str | BaseModel, float]:
        """Answer one prompt; every metric calls this method."""
        if self._stopped is None and self._spent_usd >= self._cap_usd:
            self._stopped = f"The run has spent its cap of {self._cap_usd} USD."
        if self._stopped is not None:
            raise JudgeStoppedError(self._stopped)
        try:
            output, cost = await super().a_generate(prompt, schema, audio)
        except _PERMANENT as error:
            self._stopped = str(error)
            raise
        self._spent_usd += cost
        self._calls += 1
        self._progress.write_text(f"{self._calls} calls of the judge, {self._spent_usd:.2f} USD")
        return output, cost
