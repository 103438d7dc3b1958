"""The stand-in for LLM providers, called by OpenAI's own client and by Anthropic's protocol."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from evalctl.local_servers.provider import Provider, provider
from evalctl.local_servers.provider_protocols import Answer

if TYPE_CHECKING:
    import openai

# They load OpenAI's client, which the tests of the suite must not find loaded.
pytestmark = pytest.mark.rehearsal

CLAIMS = """Please return JSON, with the "claims" key as a list of strings.

AI Output:
Parcel 1 weighs 1 gram. It is blue.

JSON:"""


@pytest.fixture
def stand_in() -> Iterator[Provider]:
    with provider() as started:
        yield started


def client(stand_in: Provider, *, seconds: float = 10) -> "openai.OpenAI":
    import openai

    return openai.OpenAI(
        api_key="key", base_url=stand_in.openai_url("one"), max_retries=0, timeout=seconds
    )


def ask(stand_in: Provider, **options: float) -> str:
    reply = client(stand_in, **options).chat.completions.create(
        model="m", messages=[{"role": "user", "content": CLAIMS}]
    )
    return reply.choices[0].message.content or ""


def test_openais_client_gets_an_answer_by_the_rules(stand_in: Provider) -> None:
    assert json.loads(ask(stand_in)) == {"claims": ["Parcel 1 weighs 1 gram.", "It is blue."]}


def test_openais_responses_are_answered_too(stand_in: Provider) -> None:
    reply = client(stand_in).responses.create(model="m", input=CLAIMS)
    assert json.loads(reply.output_text)["claims"][1] == "It is blue."


def test_anthropics_protocol_is_answered(stand_in: Provider) -> None:
    body = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": CLAIMS}]}
    request = urllib.request.Request(
        f"{stand_in.anthropic_url('two')}/v1/messages",
        data=json.dumps(body).encode(),
        headers={"x-api-key": "key-of-anthropic"},
    )
    with urllib.request.urlopen(request) as response:
        reply = json.loads(response.read())
    assert json.loads(reply["content"][0]["text"])["claims"][1] == "It is blue."
    (call,) = stand_in.made("two")
    assert (call.request.provider, call.request.key) == ("anthropic", "key-of-anthropic")
    assert call.tokens == reply["usage"]["input_tokens"] + reply["usage"]["output_tokens"] > 10


def test_a_refusal_has_its_status_and_retry_after(stand_in: Provider) -> None:
    import openai

    with (
        stand_in.behaving(lambda _: Answer(status=429, retry_after="7")),
        pytest.raises(openai.RateLimitError) as refused,
    ):
        ask(stand_in)
    assert refused.value.response.headers["Retry-After"] == "7"
    ask(stand_in)
    assert [(call.status, call.tokens > 0) for call in stand_in.made("one")] == [
        (429, False),
        (200, True),
    ]


def test_a_slow_answer_is_a_timeout_of_the_client(stand_in: Provider) -> None:
    import openai

    with (
        stand_in.behaving(lambda _: Answer(after_seconds=1)),
        pytest.raises(openai.APITimeoutError),
    ):
        ask(stand_in, seconds=0.2)


def test_a_call_is_listed_from_its_beginning(stand_in: Provider) -> None:
    began = time.monotonic()
    seen = []

    def look(_: object) -> Answer:
        seen.extend(stand_in.made("one"))
        return Answer()

    with stand_in.behaving(look):
        ask(stand_in)
    (call,) = seen
    assert began < call.began < call.ended < began + 10
