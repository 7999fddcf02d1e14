"""The sandbox as a program of its own."""

from __future__ import annotations

import json
import socket
from urllib.request import Request, build_opener

import pytest

from smartpush_shopline.sandbox import Settings, running
from smartpush_shopline.sandbox.__main__ import main, parser


def test_a_running_sandbox_answers_on_loopback() -> None:
    with running(Settings(bucket=0)) as sandbox:
        address = f"{sandbox.url}/alder/admin/openapi/v20260601/merchants/shop.json"
        request = Request(address, headers={"Authorization": "Bearer sandbox-alder"})
        with build_opener().open(request, timeout=3) as answer:
            assert json.load(answer)["data"]["domain"] == "alder.myshopline.com"


def test_a_used_port_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as used:
        used.bind(("127.0.0.1", 0))
        used.listen()
        port = used.getsockname()[1]
        assert main(["--port", str(port)]) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"Port {port} cannot be used: Address already in use.")
    assert said.count("\n") == 1


def test_options_can_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANDBOX_PORT", "5907")
    monkeypatch.setenv("SANDBOX_RETRY_FACTOR", "0.1")
    given = parser().parse_args([])
    assert (given.port, given.retry_factor) == (5907, 0.1)
