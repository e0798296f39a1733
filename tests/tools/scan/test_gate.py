"""Reasons are as strict as findings: none missing, none left over, none empty. And what the reports say."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from all_environments import FULL

from tools.scan import report, scanners
from tools.scan.gate import Verdict, judge, scan
from tools.synthesized.platform import Platform
from tools.synthesized.resources import Finding, Resource


def _bucket(**accepted: Any) -> Resource:
    return Resource("s-data", "aws_s3_bucket", "b", {"bucket": "b", "//": {"skip": accepted}})


def _accepted(reason: str = "it is the log itself", **values: Any) -> dict[str, Any]:
    return {"reason": reason, "values": values or {"bucket": "b", "logging": "absent"}}


def _judge(resource: Resource, *findings: Finding) -> Verdict:
    platform = Platform("s", "development", "1", {}, (resource,), (resource,))
    return judge([platform], findings)


_FINDING = _bucket().finding("CKV_AWS_18", "no access log")


def test_a_finding_with_its_reason_is_accepted() -> None:
    verdict = _judge(_bucket(CKV_AWS_18=_accepted()), _FINDING)

    assert verdict.passes
    assert [accepted.reason for accepted in verdict.accepted] == ["it is the log itself"]


@pytest.mark.parametrize(
    ("reasons", "findings", "failure"),
    [
        ({}, [_FINDING], "CKV_AWS_18"),
        ({"CKV_AWS_18": _accepted()}, [], "REASON_STALE"),
        ({"CKV_AWS_18": _accepted("")}, [_FINDING], "REASON_EMPTY"),
        ({"CKV_AWS_18": _accepted("  because     ")}, [_FINDING], "REASON_EMPTY"),
        ({"CKV_AWS_18": {"reason": "it is the log itself"}}, [_FINDING], "REASON_VALUE"),
        ({"CKV_AWS_18": "it is the log itself"}, [_FINDING], "REASON_VALUE"),
        ({"CKV_AWS_18": _accepted(bucket="another")}, [_FINDING], "REASON_VALUE"),
        ({"CKV_AWS_18": _accepted(bucket="another")}, [_FINDING], "CKV_AWS_18"),
        ({"CKV_AWS_18": _accepted(logging={"target": "b"})}, [_FINDING], "REASON_VALUE"),
        ({"CKV_AWS_18": _accepted()}, [_FINDING, _bucket().finding("CKV_AWS_19", "x")], "CKV_AWS_19"),
        ({"CKV_AWS_18": _accepted()}, [replace(_FINDING, part="Other")], "CKV_AWS_18"),
        # What the allow-list finds, only the allow-list accepts.
        ({"RESOURCE": _accepted()}, [_bucket().finding("RESOURCE", "not allowed")], "RESOURCE"),
        ({"RESOURCE": _accepted()}, [_bucket().finding("RESOURCE", "not allowed")], "REASON_OWN"),
        ({}, [Finding("BLOCK", "s-data", "terraform.backend.s3", "x")], "BLOCK"),
    ],
)
def test_everything_else_fails(reasons: dict[str, Any], findings: list[Finding], failure: str) -> None:
    verdict = _judge(_bucket(**reasons), *findings)

    assert not verdict.passes
    assert failure in {finding.check for finding in verdict.failures}


def test_another_value_at_an_accepted_resource_is_a_finding_again(platforms: list[Platform]) -> None:
    """For every value that the modules accept: what is found there fails once the value is another one."""
    tried = 0
    for platform in platforms:
        for resource in platform.resources:
            for key, entry in resource.accepted.items():
                check, _, part = key.partition(" ")
                finding = resource.finding(check, "x", part)
                for path in entry["values"]:
                    other = {**entry, "values": {**entry["values"], path: "another"}}
                    skip = {**resource.accepted, key: other}
                    changed = replace(resource, values={**resource.values, "//": {"skip": skip}})
                    failures = judge([platform.replacing(resource, changed)], [finding]).failures
                    assert {"REASON_VALUE", check} <= {f.check for f in failures if f.address == resource.address}
                    tried += 1
    assert tried > 100


def test_the_reports_say_the_same() -> None:
    verdict = _judge(_bucket(CKV_AWS_18=_accepted()), _FINDING, _bucket().finding("S3_KEY", "no key"))

    text, content = report.as_text(verdict), json.loads(report.as_json(verdict))
    sarif: dict[str, Any] = json.loads(report.as_sarif(verdict))

    assert "s-data aws_s3_bucket.b S3_KEY: no key" in text
    assert "FAILS with 1 findings" in text
    assert (content["passes"], len(content["failures"]), len(content["accepted"])) == (False, 1, 1)
    results = {result["ruleId"]: result for result in sarif["runs"][0]["results"]}
    assert "suppressions" not in results["S3_KEY"]
    assert results["CKV_AWS_18"]["suppressions"][0]["justification"] == "it is the log itself"
    assert {rule["id"] for rule in sarif["runs"][0]["tool"]["driver"]["rules"]} == set(results)


def test_what_several_environments_have_is_one_line() -> None:
    findings = [Finding("S3_KEY", f"{name}-data", "aws_s3_bucket.b", "no key") for name in ("a", "b")]
    other = Finding("S3_KEY", "c-data", "aws_s3_bucket.b", "another key")

    text = report.as_text(Verdict(3, (findings[0], other, findings[1]), ()))

    assert text.splitlines()[:3] == [
        "a-data, b-data aws_s3_bucket.b S3_KEY: no key",
        "c-data aws_s3_bucket.b S3_KEY: another key",
        "",
    ]


def test_a_shell_in_production_is_said_by_name() -> None:
    service = Resource("s-service", "aws_ecs_service", "x", {"enable_execute_command": True})
    platforms = [
        Platform(f"shop-{tier}", tier, "1", {}, (resource,), (resource,))
        for tier in ("development", "production")
        for resource in (service,)
    ]

    verdict = judge(platforms, [])

    assert verdict.shells == ("shop-production",)
    assert "shop-production: service.exec enables ECS Exec (a shell) in production tasks" in report.as_text(verdict)
    assert json.loads(report.as_json(verdict))["shells"] == ["shop-production"]
    assert judge(platforms[:1], []).shells == ()


@pytest.mark.skipif(not scanners._INTERPRETER.exists(), reason="the scanners are not installed; run: make setup-scan")
def test_the_environment_that_sets_every_setting_passes(platforms: list[Platform]) -> None:
    # Those that are shipped are scanned by `make scan`.
    verdict = scan([platform for platform in platforms if platform.name == FULL])

    assert not verdict.failures
    assert verdict.resources > 200
