"""The API. A test run is recorded with all its jobs before the answer; `Keeper` queues them after it."""

import json
import logging
from collections.abc import Callable
from functools import partial
from typing import Annotated
from uuid import UUID

import httpx
import psycopg
from botocore.exceptions import BotoCoreError, ClientError
from fastapi import APIRouter, Depends, FastAPI, Header, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from workload import objects
from workload.orchestrator import datasets, middleware, results, runs
from workload.orchestrator.keeper import Keeper
from workload.requests import RequestError, RunRequest
from workload.settings import OrchestratorSettings

IdempotencyKey = Annotated[str | None, Header(min_length=1, max_length=200)]
Answer = dict[str, object]

_STORES = {
    psycopg.OperationalError: "PostgreSQL",
    httpx.HTTPError: "ClickHouse",
    BotoCoreError: "S3",
    ClientError: "S3",
}


def application(settings: OrchestratorSettings, keeper: Keeper) -> FastAPI:
    """The API, and the paths of its probes."""
    app = FastAPI(openapi_url=None)  # no path without a token
    app.middleware("http")(middleware.limit_body)
    app.middleware("http")(middleware.measure)
    app.add_exception_handler(RequestValidationError, _is_wrong)
    for error, store in _STORES.items():
        app.add_exception_handler(error, _is_down(store))

    @app.get("/healthz")
    async def alive() -> Answer:
        return {"alive": True}

    @app.get("/readyz")
    def ready(response: Response) -> Answer:
        problems = keeper.problems()
        response.status_code = 503 if problems else 200
        return {"ready": not problems, "problems": problems}

    app.include_router(_test_runs(settings, keeper))
    return app


def _test_runs(settings: OrchestratorSettings, keeper: Keeper) -> APIRouter:
    check = Depends(middleware.requires_token(settings.api_token_file))
    router = APIRouter(prefix="/test-runs", dependencies=[check])
    pool, s3 = keeper.pool, objects.s3(settings.aws_region)

    @router.post("", status_code=202)
    def start(run: RunRequest, idempotency_key: IdempotencyKey = None) -> Answer:
        cases = partial(datasets.cases, s3, settings.datasets_bucket, run)
        try:
            with pool.connection() as connection:
                run_id = runs.record(connection, run, cases, idempotency_key)
        except RequestError as error:
            raise HTTPException(422, str(error)) from None
        return show(run_id)

    @router.get("/{run_id}")
    def show(run_id: UUID) -> Answer:
        with pool.connection() as connection:
            status = runs.status(connection, run_id)
        if status is None:
            raise HTTPException(404, f"No test run has the id {run_id}.")
        return status | {"results": f"/test-runs/{run_id}/results"}

    @router.post("/{run_id}/cancel")
    def cancel(run_id: UUID) -> Answer:
        with pool.connection() as connection:
            runs.cancel(connection, run_id)
        return show(run_id)

    @router.get("/{run_id}/results")
    def show_results(run_id: UUID) -> Answer:
        return {"metrics": results.scores(settings, run_id)}

    @router.get("/{run_id}/cases/{case_id:path}")
    def show_case(run_id: UUID, case_id: str) -> Response:
        try:
            key = objects.report_key(run_id, case_id)
            report = s3.get_object(Bucket=settings.reports_bucket, Key=key)
        except s3.exceptions.NoSuchKey:
            raise HTTPException(404, "This case has no report yet, or never.") from None
        return Response(report["Body"].read(), media_type="application/json")

    return router


def _is_wrong(_: Request, error: Exception) -> Response:
    """Without the values, which may hold a password, and in ASCII: what is sent may be no text of UTF-8."""
    assert isinstance(error, RequestValidationError)
    problems = [{"loc": each["loc"], "msg": each["msg"]} for each in error.errors()]
    return Response(json.dumps({"detail": problems}), 422, media_type="application/json")


def _is_down(store: str) -> Callable[[Request, Exception], Response]:
    def answer(_: Request, error: Exception) -> Response:
        logging.warning("%s: %s", store, error)
        message = f"{store} does not answer as it should. Try again later."
        return JSONResponse({"detail": message}, status_code=503)

    return answer
