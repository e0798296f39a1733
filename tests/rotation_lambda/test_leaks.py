"""Runs last: no password, verifier or RotationToken of the whole session stands where it must not."""

from __future__ import annotations

from rotation_support.leaks import Leaks


def test_nothing_secret_in_any_log_exception_or_server_view(leaks: Leaks) -> None:
    sources = {source for source, _ in leaks.evidence}
    assert {"log", "exception"} <= sources
    assert len(leaks.secrets) > 20
    assert leaks.found() == []
