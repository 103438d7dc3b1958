"""The stand-in of the providers is late and refuses, in the same way in each demo."""

from collections import Counter
from statistics import median

from evalctl.demo import stand_in
from evalctl.local_servers.provider_protocols import Answer, Request

CALLS = 20_000


def _request(prompt: str, provider: str = "openai") -> Request:
    return Request(caller="worker-1", provider=provider, key="", body={"model": "m"}, prompt=prompt)


def _answers(provider: str = "openai") -> list[Answer]:
    answer = stand_in.behaviour()
    return [answer(_request(f"prompt {number}", provider)) for number in range(CALLS)]


def test_the_same_prompts_get_the_same_answers_in_each_demo() -> None:
    assert _answers() == _answers()


def test_a_prompt_that_was_refused_is_answered_when_it_is_sent_again() -> None:
    answer = stand_in.behaviour()
    refused = [
        prompt
        for prompt in map("prompt {}".format, range(1_000))
        if answer(_request(prompt)).status == 429
    ]

    assert refused
    assert {answer(_request(prompt)).status for prompt in refused} <= {200, 429, 503}
    assert sum(answer(_request(prompt)).status == 200 for prompt in refused) > 0.8 * len(refused)


def test_about_two_calls_in_a_hundred_are_refused_and_one_finds_no_capacity() -> None:
    statuses = Counter(answer.status for answer in _answers("anthropic"))

    assert 0.015 < statuses[429] / CALLS < 0.025
    assert 0.006 < statuses[529] / CALLS < 0.014
    assert statuses.keys() <= {200, 400, 429, 529}


def test_answers_take_about_half_a_second_and_refusals_little_time() -> None:
    answers = _answers()

    assert 0.45 < median(each.after_seconds for each in answers if each.status == 200) < 0.55
    assert max(each.after_seconds for each in answers if each.status != 200) < 0.1
    assert all(each.retry_after for each in answers if each.status == 429)
