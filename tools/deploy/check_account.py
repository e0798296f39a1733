"""Whether an account has what the deployment of an environment needs (`docs/new-account.md`); it changes nothing.

How much of something is needed is counted in the synthesized JSON; what this environment has already is not counted as
used by others.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from settings import Environment
from tools.deploy import account
from tools.deploy.aws import Regional, asked, pages, refuse_other_account
from tools.synthesized import stacks
from tools.synthesized.errors import DeployError
from tools.synthesized.values import leaves

_CERTIFICATE = re.compile(r"arn:aws[\w-]*:acm:([\w-]+):\d+:certificate/[\w-]+")
_ELASTIC_IPS = ("ec2", "L-0263D0A3")
_VPCS = ("vpc", "L-F678F1CE")
_NATS_IN_A_ZONE = ("vpc", "L-FE5A380F")
_NETWORK_LOAD_BALANCERS = ("elasticloadbalancing", "L-69A177A2")
_FARGATE_VCPUS = ("fargate", "L-3032A538")

Verdict = tuple[bool, str]
"""Whether it holds, and what there is, with what to do where it does not hold."""


def refuse_others(environment: Environment, sts: Any) -> None:
    """DeployError unless the credentials work, and are of the environment's account."""
    with asked("nothing was checked"):
        caller = sts.get_caller_identity()["Arn"]
    refuse_other_account(caller, environment)


def check(environment: Environment, *, client: Regional, say: Callable[[str], None] = print) -> None:
    """One line for each requirement. Raises DeployError unless all were read and hold."""
    from botocore.exceptions import BotoCoreError, ClientError

    failed = 0
    for what, verdict in _Account(environment, client).checks():
        try:
            holds, text = verdict()
            state = "ok" if holds else "missing"
        except (BotoCoreError, ClientError) as error:
            state, text = "unread", f"cannot be read, so look yourself: {error}"
        failed += state != "ok"
        say(f"{state:8} {what}: {text}")
    if failed:
        raise DeployError(f"{failed} of these are missing or cannot be read: docs/new-account.md")


@dataclass(frozen=True)
class _Account:
    environment: Environment
    regional: Regional

    def checks(self) -> Iterator[tuple[str, Callable[[], Verdict]]]:
        """What is checked, and how."""
        yield "VPCs", self._vpcs
        yield "elastic IP addresses", self._elastic_ips
        yield "NAT gateways in a zone", self._nats
        yield "network load balancers", self._load_balancers
        yield "vCPUs of Fargate", self._fargate
        yield "reserved concurrency of Lambda", self._concurrency
        yield "CloudTrail", self._trail
        yield "CloudWatch role of API Gateway", self._gateway_role
        for arn, region in sorted(self._certificates()):
            yield f"certificate {arn}", partial(self._certificate, arn, region)

    def _client(self, service: str) -> Any:
        return self.regional(service, self.environment.region)

    def _resources(self, type_: str) -> dict[str, dict[str, Any]]:
        found = stacks.find_all(self.environment.name)
        return {id_: one for stack in found for id_, one in stack.configuration["resource"].get(type_, {}).items()}

    def _others(self, operation: str, key: str) -> list[Mapping[str, Any]]:
        """What of EC2 has not the tags of this environment."""
        own = {"Key": "Environment", "Value": self.environment.name}
        return [one for one in pages(self._client("ec2"), operation, key) if own not in one.get("Tags", ())]

    def _quota(self, quota: tuple[str, str], needed: float, used: float | None) -> Verdict:
        """https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_GetServiceQuota.html: a quota that was
        never changed may have no applied value, only AWS's default.
        """
        quotas, (service, code) = self._client("service-quotas"), quota
        try:
            value = quotas.get_service_quota(ServiceCode=service, QuotaCode=code)["Quota"]["Value"]
        except quotas.exceptions.NoSuchResourceException:
            value = quotas.get_aws_default_service_quota(ServiceCode=service, QuotaCode=code)["Quota"]["Value"]
        others = "not counting others" if used is None else f"{used:g} used by others"
        text = f"{needed:g} needed, {others}, quota {value:g}"
        enough = needed + (used or 0)
        if enough <= value:
            return True, text
        raised = f"--service-code {service} --quota-code {code} --desired-value {enough:g}"
        region = self.environment.region
        return False, f"{text}; aws service-quotas request-service-quota-increase --region {region} {raised}"

    def _vpcs(self) -> Verdict:
        return self._quota(_VPCS, len(self._resources("aws_vpc")), len(self._others("describe_vpcs", "Vpcs")))

    def _elastic_ips(self) -> Verdict:
        # Not page by page: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeAddresses.html
        own = {"Key": "Environment", "Value": self.environment.name}
        addresses = self._client("ec2").describe_addresses()["Addresses"]
        used = sum(own not in one.get("Tags", ()) for one in addresses)
        return self._quota(_ELASTIC_IPS, len(self._resources("aws_eip")), used)

    def _nats(self) -> Verdict:
        """One at most in each zone, whether there is one for all or one per zone."""
        zones = {
            one["SubnetId"]: one["AvailabilityZone"]
            for one in pages(self._client("ec2"), "describe_subnets", "Subnets")
        }
        others = self._others("describe_nat_gateways", "NatGateways")
        standing = Counter(zones.get(one["SubnetId"]) for one in others if one["State"] not in ("deleted", "failed"))
        used = max(standing[zone] for zone in self.environment.zones)
        return self._quota(_NATS_IN_A_ZONE, min(1, len(self._resources("aws_nat_gateway"))), used)

    def _load_balancers(self) -> Verdict:
        own = {one["name"] for one in self._resources("aws_lb").values()}
        found = pages(self._client("elbv2"), "describe_load_balancers", "LoadBalancers")
        used = sum(one["Type"] == "network" and one["LoadBalancerName"] not in own for one in found)
        return self._quota(_NETWORK_LOAD_BALANCERS, len(own), used)

    def _fargate(self) -> Verdict:
        """All services at the most tasks that they are scaled to, while all are deployed."""
        definitions = self._resources("aws_ecs_task_definition")
        targets = self._resources("aws_appautoscaling_target").values()
        needed = 0.0
        for id_, service in self._resources("aws_ecs_service").items():
            cpu = next(one["cpu"] for key, one in definitions.items() if f".{key}." in service["task_definition"])
            scaled = [one["max_capacity"] for one in targets if f"aws_ecs_service.{id_}." in str(one["resource_id"])]
            tasks = max([service["desired_count"], *scaled]) * service["deployment_maximum_percent"] / 100
            needed += tasks * int(cpu) / 1024
        return self._quota(_FARGATE_VCPUS, needed, None)

    def _concurrency(self) -> Verdict:
        wanted = self.environment.rotation.reserved_concurrency
        try:
            account.check_concurrency(self.environment, self._client("lambda"))
        except DeployError as error:
            return False, str(error)
        return True, f"{wanted} can be reserved" if wanted else "none is needed"

    def _trail(self) -> Verdict:
        """Rotations are reported by it: EventBridge has the calls of a service only where a trail logs them.

        https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html
        """
        trails = self._client("cloudtrail")
        for trail in trails.describe_trails()["trailList"]:
            arn = trail["TrailARN"]
            logs = trails.get_trail_status(Name=arn)["IsLogging"]
            if logs and _has_changes(trails.get_event_selectors(TrailName=arn)):
                return True, f"{trail['Name']} logs management events"
        where = f"in {self.environment.region}"
        return False, f"no trail logs management events {where}, so no failed rotation would be reported; create one"

    def _gateway_role(self) -> Verdict:
        if self.environment.account.owns_api_gateway_role:
            return True, "make bootstrap makes it"
        role = self._client("apigateway").get_account().get("cloudwatchRoleArn")
        remedy = "set account.owns_api_gateway_role = true in one environment of the account, and make bootstrap there"
        return bool(role), role or f"none is set; {remedy}"

    def _certificates(self) -> set[tuple[str, str]]:
        """ARN and region of each that the JSON names."""
        found = (leaves(stack.configuration) for stack in stacks.find_all(self.environment.name))
        texts = (value for values in found for _, value in values if isinstance(value, str))
        return {(match[0], match[1]) for text in texts for match in _CERTIFICATE.finditer(text)}

    def _certificate(self, arn: str, region: str) -> Verdict:
        acm = self.regional("acm", region)
        try:
            status = acm.describe_certificate(CertificateArn=arn)["Certificate"]["Status"]
        except acm.exceptions.ResourceNotFoundException:
            return False, f"there is none; request one in {region} and write its ARN into the settings"
        return status == "ISSUED", status if status == "ISSUED" else f"{status}; create the DNS records that ACM names"


def _has_changes(selectors: Mapping[str, Any]) -> bool:
    """Whether a trail logs management events that change something, as it does without any selectors.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_PutEventSelectors.html
    """
    basic, advanced = selectors.get("EventSelectors") or (), selectors.get("AdvancedEventSelectors") or ()
    for one in basic:
        if one.get("IncludeManagementEvents", True) and one.get("ReadWriteType", "All") != "ReadOnly":
            return True
    for one in advanced:
        fields = {field["Field"]: field.get("Equals") for field in one["FieldSelectors"]}
        if fields.get("eventCategory") == ["Management"] and fields.get("readOnly") != ["true"]:
            return True
    return not basic and not advanced
