"""What the API accepts: a test run, its cases in the request or in the bucket of data sets."""

from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import AfterValidator, AnyHttpUrl, AwareDatetime, BaseModel, ConfigDict, Field
from pydantic import model_validator as validates

from workload.cases import Case, Short

MOST_CASES = 10_000


def _without_user(url: AnyHttpUrl) -> AnyHttpUrl:
    if url.username or url.password:
        raise ValueError("holds a user or a password, which the platform would store in plain text")
    return url


class Judge(BaseModel):
    """Who scores the answers."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    provider: Literal["openai", "anthropic"]
    model: Short


class TestRun(BaseModel):
    """A request to evaluate one build of the agent with one data set."""

    __test__ = False
    model_config = ConfigDict(extra="forbid", frozen=True)

    build: Annotated[Short, Field(description="Git commit of the agent")]
    built_at: AwareDatetime
    branch: Short
    dataset: Annotated[Short, Field(description="Name and version, as in support@3")]
    judge: Judge
    agent_endpoint: Annotated[AnyHttpUrl, AfterValidator(_without_user)] | None = None
    cases: Annotated[tuple[Case, ...], Field(min_length=1, max_length=MOST_CASES)] | None = None
    dataset_object: Annotated[
        str | None, Field(max_length=1024, description="Key in the bucket: one case as JSON a line")
    ] = None

    @validates(mode="after")
    def _cases_come_from_one_place(self) -> "TestRun":
        if (self.cases is None) == (self.dataset_object is None):
            raise ValueError("needs either `cases` or `dataset_object`")
        if self.cases is not None:
            self.check(self.cases)
        return self

    def check(self, cases: Sequence[Case]) -> None:
        """Raises ValueError if these cases cannot be the run's."""
        if not 1 <= len(cases) <= MOST_CASES:
            raise ValueError(f"has {len(cases)} cases; a run takes 1 to {MOST_CASES}")
        if twice := [name for name, count in Counter(c.id for c in cases).items() if count > 1]:
            raise ValueError(f"has two cases with the id {twice[0]!r}")
        unanswered = [case.id for case in cases if case.answer is None]
        if unanswered and self.agent_endpoint is None:
            raise ValueError(
                f"has no recorded answer of case {unanswered[0]!r}; record it, or name an `agent_endpoint`"
            )
