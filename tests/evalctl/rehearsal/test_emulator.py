"""The clients of the emulated AWS."""

from pathlib import Path

import pytest
from botocore.exceptions import EndpointConnectionError

from environments.dev import DEV
from evalctl.rehearsal.emulator import EmulatedAws
from evalctl.servers import free_port


def test_a_client_ignores_the_users_profile_files_and_proxy(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    config = tmp_path / "config"
    config.write_text("[profile production]\nregion = us-west-2\nsso_session = missing\n")
    proxy = f"http://127.0.0.1:{free_port()}"
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("HTTP_PROXY", proxy)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    nobody = f"http://127.0.0.1:{free_port()}"

    with pytest.raises(EndpointConnectionError, match=nobody):
        EmulatedAws(nobody, DEV.account).client("sts").get_caller_identity()
