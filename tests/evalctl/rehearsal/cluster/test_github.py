"""The stand-in for GitHub's API."""

import json
import urllib.error
import urllib.request
from typing import Any

import pytest

from evalctl.rehearsal.cluster.github import PullRequest, github


def test_open_pull_requests_are_listed_until_they_are_closed() -> None:
    with github() as served:
        served.open.append(PullRequest(number=7, commit="7" * 40, label="preview"))
        (found,) = _read(f"{served.address}api/v3/repos/owner/apps/pulls?per_page=100")
        assert (found["number"], found["head"]["sha"]) == (7, "7" * 40)
        assert found["labels"] == [{"name": "preview"}]
        served.open.clear()
        assert _read(f"{served.address}api/v3/repos/owner/apps/pulls") == []


def test_nothing_else_is_served() -> None:
    with github() as served, pytest.raises(urllib.error.HTTPError):
        _read(f"{served.address}api/v3/user")


def _read(address: str) -> Any:
    with urllib.request.urlopen(address) as response:
        return json.load(response)
