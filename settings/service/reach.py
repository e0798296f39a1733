"""Rules for egress, images, permissions and ECS Exec."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import IPv4Network
from typing import TYPE_CHECKING

from settings.broken import Broken
from settings.naming import Naming
from settings.service.tables import ServiceSettings, ecr_repository
from settings.service.workloads import JobSettings, WorkerSettings

if TYPE_CHECKING:
    from settings.network import NetworkSettings

# The services that every task calls: image, log, secret. IAM tokens for Redis and Aurora need no call.
# With network.nat = "none" the rule of the table `network` requires these.
_CALLED = ("ecr.api", "ecr.dkr", "logs", "secretsmanager")
_WORLD = "0.0.0.0/0"

# Matches all resources of a type, such as `table/*`. ARNs of buckets have no account, so they do not match.
_EVERY_ONE = re.compile(r"^arn:aws:[a-z0-9-]+:[a-z0-9-]*:[0-9]+:/?[a-z-]+/\*$")


def _way_out(network: NetworkSettings, service: ServiceSettings) -> Iterator[Broken]:
    """Rules for the internet need NAT."""
    rules = [rule.model_dump(exclude_none=True) for rule in service.outbound]
    for index, rule in enumerate(service.outbound):
        key = f"service.outbound.{index}"
        if (rule.cidr is None) == (rule.prefix_list is None):
            yield Broken(key, rules[index], "either cidr or prefix_list", "set one of them")
        if rule.cidr is not None:
            yield from _block(f"{key}.cidr", rule.cidr, network)
        if service.outbound.index(rule) != index:
            yield Broken(key, rules[index], "each rule once", "delete the duplicates")
    if service.outbound and network.nat == "none":
        yield Broken(
            "service.outbound",
            "https" if rules == [{"cidr": _WORLD, "port": 443}] else rules,
            '"none" with network.nat = "none"',
            'set it to "none", or change network.nat',
        )


def _block(key: str, block: str, network: NetworkSettings) -> Iterator[Broken]:
    try:
        inside = IPv4Network(block).overlaps(IPv4Network(network.cidr)) and block != _WORLD
    except ValueError:
        yield Broken(key, block, "an IPv4 block without host bits, e.g. 203.0.113.0/24", "correct the block")
        return
    if inside:
        yield Broken(key, block, f"a block outside the VPC's {network.cidr}", "choose another block")


def _endpoints(network: NetworkSettings, service: ServiceSettings) -> Iterator[Broken]:
    """Without HTTPS to every host, tasks reach AWS only through interface endpoints."""
    if service.reaches_every_host:
        return
    has_nat = network.nat != "none"
    called = {
        *(_CALLED if has_nat else ()),
        *(["xray"] if service.tracing else []),
        *(["sqs"] if service.queues else []),
        *(["ssmmessages"] if service.exec else []),
    }
    missing = sorted(called - set(network.interface_endpoints))
    if missing:
        remedies = [
            "add them",
            *(["set service.tracing = false"] if "xray" in missing else []),
            *(["set service.exec = false"] if "ssmmessages" in missing else []),
            *(['set service.outbound = "https"'] if has_nat else []),
        ]
        yield Broken(
            "network.interface_endpoints",
            list(network.interface_endpoints),
            f"also {', '.join(missing)}: tasks call them, and service.outbound does not allow that",
            ", or ".join(remedies),
        )


def _images_within_reach(
    region: str,
    service: ServiceSettings,
    workers: dict[str, WorkerSettings],
    jobs: dict[str, JobSettings],
) -> Iterator[Broken]:
    """Without HTTPS to every host, images come through ECR's endpoints, which are regional."""
    if service.reaches_every_host:
        return
    for key, image in _images(service, workers, jobs):
        repository = ecr_repository(image)
        if repository is None or repository.region != region:
            yield Broken(
                key, image, f'an image in ECR of {region}, unless service.outbound = "https"', "copy the image there"
            )


def _images_by_digest(
    tier: str, service: ServiceSettings, workers: dict[str, WorkerSettings], jobs: dict[str, JobSettings]
) -> Iterator[Broken]:
    """`settings.demands` checks the service's image; this rule checks all others."""
    for key, image in _images(service, workers, jobs):
        if tier == "production" and key != "service.image" and "@sha256:" not in image:
            yield Broken(key, image, "an image with a digest in production", "a tag can be moved after the review")


def _images(
    service: ServiceSettings, workers: dict[str, WorkerSettings], jobs: dict[str, JobSettings]
) -> Iterator[tuple[str, str]]:
    """Every image that is named, by its key."""
    yield "service.image", service.image
    for number, sidecar in enumerate(service.sidecars):
        yield f"service.sidecars.{number}.image", sidecar.image
    for table, named in (("workers", workers), ("jobs", jobs)):
        for name, workload in named.items():
            if workload.image is not None:
                yield f"{table}.{name}.image", workload.image


def _exec_by_name(project: str, stage: str, tier: str, service: ServiceSettings) -> Iterator[Broken]:
    """ECS Exec in production needs the environment's name, so that a copied line does not enable it."""
    name = Naming(project, stage).environment
    if service.exec is False or service.exec == name:
        return
    if tier == "production":
        yield Broken("service.exec", service.exec, f'false, or "{name}" to open it in production', "set one of them")
    elif service.exec is not True:
        yield Broken("service.exec", service.exec, f'true, false or "{name}"', "correct the name")


def _allowed(service: ServiceSettings) -> Iterator[Broken]:
    """A permission for all resources of a type is too wide."""
    for index, allowed in enumerate(service.allow):
        for arn in allowed.resources:
            if _EVERY_ONE.match(arn):
                yield Broken(f"service.allow.{index}.resources", arn, "an ARN that names what it is", "name it")


# Among those of `settings.service.rules`.
RULES = (_way_out, _endpoints, _images_within_reach, _images_by_digest, _exec_by_name, _allowed)
