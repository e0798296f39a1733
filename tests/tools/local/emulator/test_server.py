"""A request that an SDK sends again, because it lost the response, is served once."""

from __future__ import annotations

from typing import Any

from werkzeug.test import Client
from werkzeug.wrappers import Request, Response

from tools.local.emulator import server
from tools.local.emulator.calls import Calls


def _serve(served: list[str], *, status: int = 200, size: int = 10) -> Client:
    @Request.application
    def application(request: Request) -> Response:
        served.append(request.get_data(as_text=True))
        return Response(f"{len(served)}" + "." * size, status)

    return Client(server._one_at_a_time(application, Calls(None)))


def _post(client: Client, body: str, invocation: str | None) -> Any:
    return client.post("/", data=body, headers={"amz-sdk-invocation-id": invocation} if invocation else {})


def test_what_is_sent_again_gets_the_first_response() -> None:
    served: list[str] = []
    client = _serve(served)

    first, again, other = (_post(client, "create", invocation) for invocation in ("a", "a", "b"))

    assert served == ["create", "create"]
    assert (first.text, first.status_code) == (again.text, again.status_code)
    assert other.text != first.text


def test_what_failed_or_names_no_invocation_is_served_again() -> None:
    for status, size, invocation in ((400, 10, "a"), (503, 10, "a"), (200, 10, None), (200, 100_000, "a")):
        served: list[str] = []
        client = _serve(served, status=status, size=size)

        assert [_post(client, "x", invocation).status_code for _ in range(2)] == [status, status]
        assert served == ["x", "x"], (status, size, invocation)


def test_old_responses_are_forgotten(monkeypatch: Any) -> None:
    monkeypatch.setattr(server, "_MOST_KEPT", 2)
    served: list[str] = []
    client = _serve(served)

    for invocation in ("a", "b", "c", "a"):
        _post(client, invocation, invocation)

    assert served == ["a", "b", "c", "a"]
