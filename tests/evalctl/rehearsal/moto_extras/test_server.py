"""The server as Terraform uses it: a separate process on loopback."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from moto import mock_aws

from evalctl.rehearsal.moto_extras.server import main, one_at_a_time
from tests.evalctl.rehearsal.moto_extras.conftest import REGION, ROLE
from tests.support.paths import ROOT

COMMAND = [sys.executable, "-m", "evalctl.rehearsal.moto_extras.server"]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [*COMMAND, "-p", str(port)], cwd=ROOT, env=os.environ | {"MOTO_ACCOUNT_ID": "111111111111"}
    )
    try:
        _wait_for(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        assert process.wait(10) == 0


def _wait_for(port: int) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError(port)


@pytest.fixture
def served(url: str) -> Iterator[Any]:
    """Creates a client of the server, not of the emulation in this process."""
    session = boto3.Session("testing", "testing", region_name=REGION)
    retry = Config(retries={"total_max_attempts": 3})
    with mock_aws(config={"core": {"passthrough": {"urls": [f"{url}/.*"]}}}):
        yield lambda service: session.client(service, endpoint_url=url, config=retry)


def test_arns_with_slashes_reach_the_service_unchanged(served: Any) -> None:
    eks = served("eks")
    eks.create_cluster(
        name="served",
        roleArn=ROLE,
        resourcesVpcConfig={"subnetIds": ["subnet-1"]},
        accessConfig={"authenticationMode": "API"},
    )
    named = {"clusterName": "served", "principalArn": f"{ROLE}/admin"}
    eks.create_access_entry(**named, tags={"Owner": "platform"})
    policy = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"
    eks.associate_access_policy(**named, policyArn=policy, accessScope={"type": "cluster"})
    eks.disassociate_access_policy(**named, policyArn=policy)
    entry = eks.describe_access_entry(**named)["accessEntry"]
    assert entry["principalArn"] == f"{ROLE}/admin"
    tags = eks.list_tags_for_resource(resourceArn=entry["accessEntryArn"])["tags"]
    assert tags == {"Owner": "platform"}


def test_the_account_is_the_requested_one(served: Any) -> None:
    assert served("sts").get_caller_identity()["Account"] == "111111111111"


def test_a_missing_operation_is_refused_by_name_and_not_retried(served: Any) -> None:
    with pytest.raises(ClientError, match="describe_events") as refused:
        served("elasticache").describe_events()
    assert refused.value.response["ResponseMetadata"]["RetryAttempts"] == 0


def test_no_request_sees_the_work_of_another_half_done() -> None:
    at_once, most_at_once = 0, 0

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        nonlocal at_once, most_at_once
        at_once += 1
        most_at_once = max(most_at_once, at_once)
        time.sleep(0.01)
        at_once -= 1
        return []

    served_app = one_at_a_time(app)
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: served_app({}, lambda *_: lambda _: None), range(8)))
    assert most_at_once == 1


@pytest.mark.parametrize("host", ["0.0.0.0", "10.0.0.1", "localhost.example.com", "::"])
def test_the_server_listens_on_loopback_only(host: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["-H", host])
    assert "invalid loopback value" in capsys.readouterr().err
