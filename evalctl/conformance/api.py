"""A client of the orchestrator's API, as docs/images.md describes it."""

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

BUILD = "0123456789abcdef0123456789abcdef01234567"
BUILT_AT = "2026-11-20T10:00:00Z"
BRANCH = "main"
DATASET = "conformance@1"
MODELS = {"openai": "gpt-4.1-mini", "anthropic": "claude-haiku-4-5"}

FACT = r"Parcel (\d+) weighs"  # in the first prompts of each case's job

Json = dict[str, object]
_UNFINISHED = ("recorded", "queued", "running")


@dataclass(frozen=True)
class Response:
    """The API's answer."""

    status: int
    body: Json


@dataclass(frozen=True)
class Jobs:
    """How many jobs of a run are in each state."""

    states: Mapping[str, int]

    @property
    def unfinished(self) -> int:
        return sum(self.states.get(state, 0) for state in _UNFINISHED)

    @property
    def done(self) -> int:
        return self.states.get("done", 0)

    @property
    def running(self) -> int:
        return self.states.get("running", 0)

    @property
    def failed(self) -> int:
        return self.states.get("failed", 0)


@dataclass(frozen=True)
class Api:
    """Sends requests with the token that is in the file now."""

    url: str
    token_file: Path

    def send(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        seconds: float = 30,
    ) -> Response:
        """The answer, also a refusal; status 0 if no answer comes."""
        token = {"Authorization": f"Bearer {self.token_file.read_text().strip()}"}
        request = urllib.request.Request(
            self.url + path,
            data=body,
            method=method,
            headers={"Content-Type": "application/json", **token, **(headers or {})},
        )
        try:
            with urllib.request.urlopen(request, timeout=seconds) as response:
                return Response(response.status, _object(response.read()))
        except urllib.error.HTTPError as error:
            return Response(error.code, _object(error.read()))
        except OSError as error:
            return Response(0, {"error": str(error)})

    def declared(self, length: int) -> int:
        """The status of the answer to a request that declares a body of this length and sends none."""
        with self._opened(length) as connection:
            return _status(connection)

    @contextmanager
    def half_sent(self, body: bytes) -> Iterator[Callable[[], int]]:
        """A request for a test run whose first half is sent; the function sends the rest."""
        with self._opened(len(body)) as connection:
            connection.send(body[: len(body) // 2])

            def rest() -> int:
                try:
                    connection.send(body[len(body) // 2 :])
                except OSError:
                    return 0
                return _status(connection)

            yield rest

    @contextmanager
    def _opened(self, length: int) -> Iterator[http.client.HTTPConnection]:
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=10)
        try:
            connection.putrequest("POST", "/test-runs")
            connection.putheader("Content-Type", "application/json")
            connection.putheader("Content-Length", str(length))
            connection.putheader("Authorization", f"Bearer {self.token_file.read_text().strip()}")
            connection.endheaders()
            yield connection
        finally:
            connection.close()

    def start(self, body: Json, *, key: str | None = None) -> Response:
        """Request a test run."""
        headers = {} if key is None else {"Idempotency-Key": key}
        return self.send("POST", "/test-runs", json.dumps(body).encode(), headers=headers)

    def jobs(self, run: str) -> Jobs:
        """The jobs of a run by their state; nothing while the API does not answer."""
        states = self.send("GET", f"/test-runs/{run}").body.get("jobs", {})
        assert isinstance(states, dict)
        return Jobs(states)

    def cancel(self, run: str) -> Response:
        return self.send("POST", f"/test-runs/{run}/cancel")


def request(cases: Sequence[Json], *, provider: str = "openai", agent: str | None = None) -> Json:
    """The body of a test run."""
    body: Json = {
        "build": BUILD,
        "built_at": BUILT_AT,
        "branch": BRANCH,
        "dataset": DATASET,
        "judge": {"provider": provider, "model": MODELS[provider]},
        "cases": list(cases),
    }
    return body if agent is None else body | {"agent_endpoint": agent}


def case(number: int, *, recorded: bool = True) -> Json:
    """A case whose answer is faithful, and is recorded or the agent's."""
    fact = f"Parcel {number} weighs {number} grams."
    made: Json = {
        "id": f"case-{number}",
        "topic": "parcels",
        "question": f"How much does parcel {number} weigh?",
        "context": [fact],
        "expected_answer": fact,
    }
    return made | {"answer": fact} if recorded else made


def _status(connection: http.client.HTTPConnection) -> int:
    """The answer's status; 0 if the connection ends without an answer."""
    try:
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0


def _object(content: bytes) -> Json:
    try:
        body = json.loads(content or b"{}")
    except ValueError:
        return {"text": content.decode(errors="replace")}
    return body if isinstance(body, dict) else {"value": body}
