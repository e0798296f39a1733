"""Rules about what tasks may reach, and who may look into them: each with a value that breaks it, and ones inside."""

from __future__ import annotations

from typing import Any

import pytest
from rules_said import said

from settings.service import AllowSettings, JobSettings, OutboundRule, QueueSettings, SidecarSettings, WorkerSettings

WORLD = OutboundRule(cidr="0.0.0.0/0")
PARTNER = OutboundRule(cidr="203.0.113.0/24", port=8443)
ECR = "333333333333.dkr.ecr.ca-central-1.amazonaws.com/shop:1"
DIGEST = f"registry.example.com/shop@sha256:{'0' * 64}"
CALLED = ("secretsmanager", "logs", "ecr.api", "ecr.dkr")
NO_NAT = {"nat": "none", "interface_endpoints": (*CALLED, "monitoring")}
CLOSED: dict[str, Any] = {"image": ECR, "outbound": (), "tracing": False, "exec": False}
JOB = JobSettings(command=("run",), schedule="rate(1 hour)")


@pytest.mark.parametrize(
    ("changed", "network", "lines"),
    [
        (
            {"outbound": (WORLD, OutboundRule())},
            {},
            ["service.outbound.1 = {'port': 443}: either cidr or prefix_list; set one of them"],
        ),
        (
            {"outbound": (WORLD, OutboundRule(cidr="203.0.113.0/24", prefix_list="pl-01234567", port=25))},
            {},
            [
                "service.outbound.1 = {'cidr': '203.0.113.0/24', 'prefix_list': 'pl-01234567', 'port': 25}: either "
                "cidr or prefix_list; set one of them"
            ],
        ),
        (
            {"outbound": (WORLD, OutboundRule(cidr="203.0.113.1/24"))},
            {},
            [
                "service.outbound.1.cidr = 203.0.113.1/24: an IPv4 block without host bits, e.g. 203.0.113.0/24; "
                "correct the block"
            ],
        ),
        (
            {"outbound": (WORLD, OutboundRule(cidr="203.0.113.0/33"))},
            {},
            [
                "service.outbound.1.cidr = 203.0.113.0/33: an IPv4 block without host bits, e.g. 203.0.113.0/24; "
                "correct the block"
            ],
        ),
        (
            {"outbound": (WORLD, OutboundRule(cidr="10.20.8.0/24"))},
            {},
            ["service.outbound.1.cidr = 10.20.8.0/24: a block outside the VPC's 10.20.0.0/16; choose another block"],
        ),
        (
            {"outbound": (WORLD, PARTNER, PARTNER)},
            {},
            ["service.outbound.2 = {'cidr': '203.0.113.0/24', 'port': 8443}: each rule once; delete the duplicates"],
        ),
        (
            {**CLOSED, "outbound": (WORLD,)},
            NO_NAT,
            ['service.outbound = https: "none" with network.nat = "none"; set it to "none", or change network.nat'],
        ),
        (
            {**CLOSED, "outbound": (PARTNER,)},
            NO_NAT,
            [
                "service.outbound = [{'cidr': '203.0.113.0/24', 'port': 8443}]: \"none\" with network.nat = "
                '"none"; set it to "none", or change network.nat'
            ],
        ),
        (
            CLOSED,
            {},
            [
                "network.interface_endpoints = []: also ecr.api, ecr.dkr, logs, secretsmanager: tasks call them, and "
                'service.outbound does not allow that; add them, or set service.outbound = "https"'
            ],
        ),
        (
            {**CLOSED, "outbound": (PARTNER,)},
            {"interface_endpoints": CALLED[1:]},
            [
                "network.interface_endpoints = ['logs', 'ecr.api', 'ecr.dkr']: also secretsmanager: tasks call them, "
                'and service.outbound does not allow that; add them, or set service.outbound = "https"'
            ],
        ),
        (
            {**CLOSED, "tracing": True, "exec": True, "queues": {"orders": QueueSettings()}},
            NO_NAT,
            [
                f"network.interface_endpoints = {[*CALLED, 'monitoring']}: also sqs, ssmmessages, xray: tasks call "
                "them, and service.outbound does not allow that; add them, or set service.tracing = false, or set "
                "service.exec = false"
            ],
        ),
    ],
)
def test_a_way_that_leads_nowhere_is_one_line(
    changed: dict[str, Any], network: dict[str, Any], lines: list[str]
) -> None:
    assert said(changed, {"network": network}) == lines


@pytest.mark.parametrize(
    ("changed", "network"),
    [
        ({"outbound": (WORLD, PARTNER, OutboundRule(prefix_list="pl-01234567"))}, {}),
        ({"outbound": (WORLD, OutboundRule(cidr="203.0.113.0/24", port=25), PARTNER)}, {}),
        ({"outbound": (WORLD, OutboundRule(cidr="10.21.0.0/16"))}, {}),
        (CLOSED, NO_NAT),
        ({**CLOSED, "outbound": (PARTNER,)}, {"interface_endpoints": CALLED}),
        (
            {**CLOSED, "tracing": True, "exec": True, "queues": {"orders": QueueSettings()}},
            {**NO_NAT, "interface_endpoints": (*CALLED, "monitoring", "sqs", "ssmmessages", "xray")},
        ),
    ],
)
def test_a_way_that_leads_somewhere_is_let_through(changed: dict[str, Any], network: dict[str, Any]) -> None:
    assert said(changed, {"network": network}) == []


def images(image: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The same image for a sidecar, a worker and a job, of which another worker and job have none of their own."""
    return (
        {"sidecars": (SidecarSettings(name="proxy", image=image),)},
        {
            "workers": {
                "mail": WorkerSettings(command=("run",), image=image),
                "same": WorkerSettings(command=("run",)),
            },
            "jobs": {"report": JOB.model_copy(update={"image": image}), "same": JOB},
        },
    )


def test_no_image_lies_where_tasks_cannot_reach_it() -> None:
    changed, beside = images("public.ecr.aws/proxy:1")
    network = {"network": {"interface_endpoints": CALLED}}
    line = 'public.ecr.aws/proxy:1: an image in ECR of ca-central-1, unless service.outbound = "https"; '

    assert said({**CLOSED, **changed}, network, **beside) == [
        f"{key}.image = {line}copy the image there" for key in ("service.sidecars.0", "workers.mail", "jobs.report")
    ]
    changed, beside = images(ECR)
    assert said({**CLOSED, **changed}, network, **beside) == []


def test_production_runs_no_image_by_tag() -> None:
    changed, beside = images("proxy:1")

    assert said({**changed, "exec": False}, tier="production", **beside) == [
        f"{key}.image = proxy:1: an image with a digest in production; a tag can be moved after the review"
        for key in ("service.sidecars.0", "workers.mail", "jobs.report")
    ]
    assert said(changed, tier="development", **beside) == []
    changed, beside = images(DIGEST)
    assert said({**changed, "exec": False}, tier="production", **beside) == []


@pytest.mark.parametrize(
    ("value", "tier", "line"),
    [
        (True, "production", 'service.exec = True: false, or "shop-prod" to open it in production; set one of them'),
        (
            "shop-dev",
            "production",
            'service.exec = shop-dev: false, or "shop-prod" to open it in production; set one of them',
        ),
        ("shop-dev", "development", 'service.exec = shop-dev: true, false or "shop-prod"; correct the name'),
        (False, "production", None),
        ("shop-prod", "production", None),
        (False, "development", None),
        (True, "development", None),
        ("shop-prod", "development", None),
    ],
)
def test_a_shell_in_production_is_asked_for_by_name(value: bool | str, tier: str, line: str | None) -> None:
    assert said({"exec": value}, tier=tier) == ([] if line is None else [line])


@pytest.mark.parametrize(
    ("arn", "broad"),
    [
        ("arn:aws:dynamodb:ca-central-1:333333333333:table/*", True),
        ("arn:aws:iam::333333333333:role/*", True),
        ("arn:aws:apigateway:ca-central-1:333333333333:/restapis/*", True),
        ("arn:aws:dynamodb:ca-central-1:333333333333:table/orders", False),
        ("arn:aws:dynamodb:ca-central-1:333333333333:table/orders/*", False),
        ("arn:aws:execute-api:ca-central-1:333333333333:a1b2c3d4e5/*", False),
        ("arn:aws:s3:::bucket/*", False),
        ("arn:aws:ses:ca-central-1:333333333333:identity/example.com", False),
    ],
)
def test_no_right_is_over_everything_of_a_type(arn: str, broad: bool) -> None:
    allowed = AllowSettings(actions=("x:Y",), resources=("arn:aws:s3:::theirs/*", arn))
    line = f"service.allow.0.resources = {arn}: an ARN that names what it is; name it"

    assert said({"allow": (allowed,)}) == ([line] if broad else [])
