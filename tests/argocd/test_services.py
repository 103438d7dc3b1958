"""Each Service that a rendered value names is one that the tests of network policies know."""

import re
from pathlib import Path

from tests.support.services import SERVICES

# `scheme://name.namespace`, with or without `.svc` and what follows it.
_URL = re.compile(r"://([a-z0-9-]+)\.([a-z0-9-]+)(?:\.svc(?:\.[a-z.]+)?)?(?=[:/\s\"']|$)")
# The last part of an address of the internet with one dot.
_DOMAINS = {"com", "io", "org"}


def test_each_service_that_is_named_is_in_the_model(rendered: Path) -> None:
    known = {(service.name, service.namespace) for service in SERVICES}
    named = {
        match.groups()
        for path in rendered.rglob("*")
        if path.is_file()
        for match in _URL.finditer(path.read_text())
        if match[2] not in _DOMAINS
    }
    assert ("kube-prometheus-stack-prometheus", "monitoring") in named
    assert named <= known
