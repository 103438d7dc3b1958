"""Requests with a client token: a repeated request gets the first answer.

A client repeats a request whose answer it did not receive, with the same token (EC2 API reference, "Ensuring
idempotency"). moto ignores the token, and refuses what is there already.
"""

from functools import cached_property

from moto.core.common_types import TYPE_RESPONSE
from moto.ec2.models import EC2Backend
from moto.ec2.responses import EC2Response


class ClientTokenBackend(EC2Backend):
    @cached_property
    def answers(self) -> dict[tuple[str, str], TYPE_RESPONSE]:
        """By operation and token."""
        return {}


class ClientTokenResponse(EC2Response):
    def call_action(self) -> TYPE_RESPONSE:
        token = self._get_param("ClientToken")
        if not token:
            return super().call_action()
        backend = self.ec2_backend
        assert isinstance(backend, ClientTokenBackend)
        request = (self._get_action(), token)
        if request not in backend.answers:
            answer = super().call_action()
            if answer[0] >= 400:
                return answer
            backend.answers[request] = answer
        return backend.answers[request]
