"""What the API accepts, PostgreSQL keeps, and a worker's job reads: a run, and the cases of its data set."""

from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    AnyHttpUrl,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    model_validator,
)

MOST_CASES = 10_000


class RequestError(ValueError):
    """The request cannot be evaluated; the message is for the API's user."""


def storable(text: str) -> str:
    """The text. Raises RequestError if PostgreSQL does not store it."""
    if "\0" in text:
        raise RequestError("holds the character U+0000, which PostgreSQL does not store")
    return text


Text = Annotated[str, AfterValidator(storable)]
Short = Annotated[Text, Field(min_length=1, max_length=200)]
Long = Annotated[Text, Field(max_length=100_000)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Case(_Strict):
    """A question; its answer is recorded here, or the run's agent gives it."""

    id: Short
    topic: Short
    question: Annotated[Long, Field(min_length=1)]
    context: tuple[Long, ...] = ()  # what a faithful answer may use
    expected_answer: Long | None = None
    answer: Long | None = None  # the recorded one
    source: Long | None = None  # where the context is from, for readers


class Judge(_Strict):
    """Who scores the answers."""

    provider: Literal["openai", "anthropic"]
    model: Short


def _without_user(url: AnyHttpUrl) -> AnyHttpUrl:
    if url.username or url.password:
        raise RequestError(
            "holds a user or a password, which the platform would store in plain text"
        )
    return url


class Run(_Strict):
    """The evaluation of one build of the agent with one data set."""

    build: Short  # Git commit of the agent
    built_at: AwareDatetime
    branch: Short
    dataset: Short  # name and version, as in support@3
    judge: Judge
    agent_endpoint: Annotated[AnyHttpUrl, AfterValidator(_without_user)] | None = None


class RunRequest(Run):
    """A run with its cases, or with the name of the object that has them."""

    cases: tuple[Case, ...] | None = None
    # Its key in the bucket.
    dataset_object: Annotated[str, Field(min_length=1, max_length=1024)] | None = None

    @model_validator(mode="after")
    def _cases_come_from_one_place(self) -> Self:
        if (self.cases is None) == (self.dataset_object is None):
            raise RequestError("needs either `cases` or `dataset_object`")
        if self.cases is not None:
            self.check(self.cases)
        return self

    def check(self, cases: Sequence[Case]) -> None:
        """Raises RequestError if these cases cannot be the run's."""
        if not 1 <= len(cases) <= MOST_CASES:
            raise RequestError(f"has {len(cases)} cases; a run takes 1 to {MOST_CASES}")
        (name, count), *_ = Counter(case.id for case in cases).most_common(1)
        if count > 1:
            raise RequestError(f"has two cases with the id {name!r}")
        unanswered = [case.id for case in cases if case.answer is None]
        if unanswered and self.agent_endpoint is None:
            raise RequestError(
                f"has no recorded answer of case {unanswered[0]!r}; record it, or name an `agent_endpoint`"
            )
