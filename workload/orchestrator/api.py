"""The API. A test run is recorded with all its jobs before the answer; `Keeper` queues them after it."""

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Annotated, Any
from uuid import UUID

import httpx
import psycopg
import psycopg_pool
from botocore.exceptions import BotoCoreError, ClientError
from fastapi import APIRouter, Depends, FastAPI, Header, HTTPException, Request, Response
from fastapi.responses import JSONResponse

from workload import objects
from workload.orchestrator import datasets, results, runs
from workload.orchestrator.body_limit import BodyLimit
from workload.orchestrator.keeper import Keeper
from workload.orchestrator.metrics import RequestDuration
from workload.orchestrator.requests import TestRun
from workload.orchestrator.token import requires_token
from workload.settings import OrchestratorSettings

MOST_MIB = 8
IdempotencyKey = Annotated[str | None, Header(min_length=1, max_length=200)]
Answer = dict[str, object]


def application(settings: OrchestratorSettings, keeper: Keeper) -> FastAPI:
    """The API, and the paths of its probes."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        with keeper:
            yield

    app = FastAPI(lifespan=lifespan, openapi_url=None)  # no path without a token
    app.add_middleware(BodyLimit, mib=MOST_MIB)
    app.add_middleware(RequestDuration)
    for store, errors in _STORE_ERRORS.items():
        for error in errors:
            app.add_exception_handler(error, _is_down(store))
    app.include_router(_probes(keeper))
    app.include_router(_test_runs(settings, keeper))
    return app


def _probes(keeper: Keeper) -> APIRouter:
    router = APIRouter()

    @router.get("/healthz")
    async def alive() -> Answer:
        return {"alive": True}

    @router.get("/readyz")
    def ready(response: Response) -> Answer:
        problems = keeper.problems()
        response.status_code = 503 if problems else 200
        return {"ready": not problems, "problems": problems}

    return router


def _test_runs(settings: OrchestratorSettings, keeper: Keeper) -> APIRouter:
    check = Depends(requires_token(settings.api_token_file))
    router = APIRouter(prefix="/test-runs", dependencies=[check])
    pool, s3 = keeper.pool, objects.s3(settings.aws_region)

    @router.post("", status_code=202)
    def start(run: TestRun, idempotency_key: IdempotencyKey = None) -> Answer:
        try:
            with pool.connection() as connection:
                run_id = runs.existing(connection, run, idempotency_key)
            if run_id is None:
                cases = run.cases or _dataset(s3, settings.datasets_bucket, run)
                with pool.connection() as connection:
                    run_id = runs.record(connection, run, cases, idempotency_key)
                keeper.wake()
        except runs.OtherRequestError:
            raise HTTPException(
                422, "This Idempotency-Key belongs to another request. Use a new one."
            ) from None
        return _status(run_id)

    @router.get("/{run_id}")
    def show(run_id: UUID) -> Answer:
        return _status(run_id)

    @router.post("/{run_id}/cancel")
    def cancel(run_id: UUID) -> Answer:
        with pool.connection() as connection:
            runs.cancel(connection, run_id)
        return _status(run_id)

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

    def _status(run_id: UUID) -> Answer:
        with pool.connection() as connection:
            status = runs.status(connection, run_id)
        if status is None:
            raise HTTPException(404, f"No test run has the id {run_id}.")
        return status | {"results": f"/test-runs/{run_id}/results"}

    return router


def _dataset(s3: Any, bucket: str, run: TestRun) -> Any:
    assert run.dataset_object is not None, "the request's validation"
    try:
        cases = datasets.read(s3, bucket=bucket, key=run.dataset_object)
        run.check(cases)
    except (datasets.DatasetError, ValueError) as error:
        raise HTTPException(422, str(error)) from None
    return cases


_STORE_ERRORS: dict[str, tuple[type[Exception], ...]] = {
    "PostgreSQL": (psycopg.OperationalError, psycopg_pool.PoolTimeout),
    "ClickHouse": (httpx.HTTPError,),
    "S3": (BotoCoreError, ClientError),
}


def _is_down(store: str) -> Callable[[Request, Exception], Response]:
    def answer(_: Request, error: Exception) -> Response:
        logging.warning("%s: %s", store, error)
        message = f"{store} does not answer as it should. Try again later."
        return JSONResponse({"detail": message}, status_code=503)

    return answer
