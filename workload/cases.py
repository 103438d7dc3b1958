"""One case of a data set: what the API accepts and a job's row holds."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Short = Annotated[str, Field(min_length=1, max_length=200)]
Long = Annotated[str, Field(max_length=100_000)]


class Case(BaseModel):
    """A question; its answer is recorded here, or the run's agent gives it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Short
    topic: Short
    question: Annotated[Long, Field(min_length=1)]
    context: tuple[Long, ...] = ()  # what a faithful answer may use
    expected_answer: Long | None = None
    answer: Long | None = None  # the recorded one
    source: Long | None = None  # where the context is from, for readers
