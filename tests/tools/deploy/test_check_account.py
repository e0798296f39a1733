"""`make check-account`: each requirement holds, is missing, or cannot be read; in moto, and of quotas in a stub."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from all_environments import FULL, load
from botocore.exceptions import ClientError
from moto import mock_aws

from tools.deploy import __main__ as command
from tools.deploy import cdktf, check_account
from tools.synthesized import stacks
from tools.synthesized.errors import DeployError

_REGION = "ca-central-1"
_ENVIRONMENT = "iot-prod"
_DENIED = ClientError({"Error": {"Code": "AccessDeniedException", "Message": "not allowed"}}, "Call")
_VPC, _IP, _NAT, _LB, _FARGATE = "L-F678F1CE", "L-0263D0A3", "L-FE5A380F", "L-69A177A2", "L-3032A538"
_NO_SUCH = type("NoSuchResourceException", (ClientError,), {})


@dataclass
class Account:
    """An account that has everything, in moto; a stub where moto lacks the answers: Service Quotas, ACM, Lambda."""

    quotas: dict[str, float] = field(default_factory=lambda: {_VPC: 5, _IP: 5, _NAT: 5, _LB: 50, _FARGATE: 100})
    concurrency: int = 1000
    certificate: str = "ISSUED"
    refuses: str = ""
    exceptions = SimpleNamespace(NoSuchResourceException=_NO_SUCH, ResourceNotFoundException=_NO_SUCH)

    def __post_init__(self) -> None:
        self.client("s3").create_bucket(
            Bucket="logs-of-trails", CreateBucketConfiguration={"LocationConstraint": _REGION}
        )
        trails = self.client("cloudtrail")
        trails.create_trail(Name="all", S3BucketName="logs-of-trails", IsMultiRegionTrail=True)
        trails.start_logging(Name="all")
        self.client("apigateway").update_account(
            patchOperations=[{"op": "replace", "path": "/cloudwatchRoleArn", "value": "arn:aws:iam::1:role/logs"}]
        )

    def client(self, service: str, region: str = _REGION) -> Any:
        if service == self.refuses:
            raise _DENIED
        if service in ("service-quotas", "acm"):
            return self
        if service == "lambda":
            limits = {"ConcurrentExecutions": self.concurrency, "UnreservedConcurrentExecutions": self.concurrency}
            return SimpleNamespace(
                get_account_settings=lambda: {"AccountLimit": limits}, get_function_concurrency=lambda **_: {}
            )
        return boto3.client(service, region_name=region, aws_access_key_id="a", aws_secret_access_key="b")

    def describe_certificate(self, **_: str) -> Any:
        if not self.certificate:
            raise _NO_SUCH({}, "DescribeCertificate")
        return {"Certificate": {"Status": self.certificate}}

    def get_service_quota(self, **asked: str) -> Any:
        if asked["QuotaCode"] == _VPC:  # as AWS where nobody ever had it raised
            raise _NO_SUCH({}, "GetServiceQuota")
        return {"Quota": {"Value": self.quotas[asked["QuotaCode"]]}}

    def get_aws_default_service_quota(self, **asked: str) -> Any:
        return {"Quota": {"Value": self.quotas[asked["QuotaCode"]]}}

    def said(self, environment: str = _ENVIRONMENT) -> dict[str, tuple[str, str]]:
        """State and text by requirement."""
        lines: list[str] = []
        failed = False
        try:
            check_account.check(load(environment), client=self.client, say=lines.append)
        except DeployError:
            failed = True
        found = {
            match[2]: (match[1], match[3]) for line in lines if (match := re.fullmatch(r"(\S+) +(.+?): (.*)", line))
        }
        assert len(found) == len(lines)
        assert failed == any(state != "ok" for state, _ in found.values())
        return found


@pytest.fixture
def account(app_outdir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    monkeypatch.setattr(stacks, "OUTDIR", app_outdir)
    with mock_aws():
        yield Account()


def test_an_account_that_has_everything(account: Account) -> None:
    said = account.said()

    assert {state for state, _ in said.values()} == {"ok"}
    # moto has the default VPC of the region, which counts as another's.
    assert said["VPCs"][1] == "1 needed, 1 used by others, quota 5"
    assert said["elastic IP addresses"][1] == "3 needed, 0 used by others, quota 5"
    assert said["NAT gateways in a zone"][1] == "1 needed, 0 used by others, quota 5"
    assert said["network load balancers"][1] == "1 needed, 0 used by others, quota 50"
    # 12 tasks of one vCPU, and as many new ones while they are deployed
    assert said["vCPUs of Fargate"][1] == "24 needed, not counting others, quota 100"
    assert said["reserved concurrency of Lambda"][1] == "2 can be reserved"


@pytest.mark.parametrize(
    ("code", "what", "needed"),
    [
        (_VPC, "VPCs", 2),
        (_IP, "elastic IP addresses", 3),
        (_NAT, "NAT gateways in a zone", 1),
        (_LB, "network load balancers", 1),
        (_FARGATE, "vCPUs of Fargate", 24),
    ],
)
def test_a_quota_that_is_too_low_is_said_with_the_command_that_has_it_raised(
    code: str, what: str, needed: int, account: Account
) -> None:
    account.quotas[code] = needed
    assert account.said()[what][0] == "ok"

    account.quotas[code] = needed - 1
    state, text = account.said()[what]
    assert state == "missing"
    assert text.endswith(f"--quota-code {code} --desired-value {needed}")
    assert "aws service-quotas request-service-quota-increase --region ca-central-1 --service-code " in text


def test_what_others_have_counts_and_what_the_environment_has_does_not(account: Account) -> None:
    ec2, own = account.client("ec2"), [{"Key": "Environment", "Value": _ENVIRONMENT}]
    for tags, zone in ((own, "a"), ([], "a"), ([], "b")):
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        place = {"VpcId": vpc, "CidrBlock": "10.0.0.0/24", "AvailabilityZone": f"{_REGION}{zone}"}
        subnet = ec2.create_subnet(**place)["Subnet"]["SubnetId"]
        address = ec2.allocate_address(Domain="vpc")["AllocationId"]
        nat = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address)["NatGateway"]["NatGatewayId"]
        if tags:
            ec2.create_tags(Resources=[vpc, address, nat], Tags=tags)
    for name in (f"iot-entry-{_ENVIRONMENT.removeprefix('iot-')}", "another"):
        account.client("elbv2").create_load_balancer(Name=name, Type="network", Subnets=[subnet])

    said = account.said()

    assert said["VPCs"][1].startswith("1 needed, 3 used by others")  # with the default one
    assert said["elastic IP addresses"][1].startswith("3 needed, 2 used by others")
    assert said["NAT gateways in a zone"][1].startswith("1 needed, 1 used by others")  # the most that a zone has
    assert said["network load balancers"][1].startswith("1 needed, 1 used by others")


def test_an_account_that_runs_ten_functions_at_once_can_reserve_nothing(account: Account) -> None:
    account.concurrency = 10

    assert account.said()["reserved concurrency of Lambda"][0] == "missing"
    assert account.said("iot-dev")["reserved concurrency of Lambda"] == ("ok", "none is needed")


def _stopped(trails: Any) -> None:
    trails.stop_logging(Name="all")


def _absent(trails: Any) -> None:
    trails.delete_trail(Name="all")


def _data_alone(trails: Any) -> None:
    trails.put_event_selectors(
        TrailName="all", EventSelectors=[{"ReadWriteType": "All", "IncludeManagementEvents": False}]
    )


def _reads_alone(trails: Any) -> None:
    fields = [{"Field": "eventCategory", "Equals": ["Management"]}, {"Field": "readOnly", "Equals": ["true"]}]
    trails.put_event_selectors(TrailName="all", AdvancedEventSelectors=[{"Name": "reads", "FieldSelectors": fields}])


@pytest.mark.parametrize("change", [_stopped, _absent, _data_alone, _reads_alone])
def test_a_trail_that_logs_no_change_is_none(change: Any, account: Account) -> None:
    change(account.client("cloudtrail"))

    assert account.said()["CloudTrail"][0] == "missing"


def test_a_trail_by_advanced_selectors_is_one(account: Account) -> None:
    fields = [{"Field": "eventCategory", "Equals": ["Management"]}]
    account.client("cloudtrail").put_event_selectors(
        TrailName="all", AdvancedEventSelectors=[{"Name": "all", "FieldSelectors": fields}]
    )

    assert account.said()["CloudTrail"] == ("ok", "all logs management events")


def test_the_role_of_api_gateway_is_made_by_bootstrap_or_must_be_there(account: Account) -> None:
    what = "CloudWatch role of API Gateway"
    owner = load(_ENVIRONMENT)
    other = owner.model_copy(update={"account": owner.account.model_copy(update={"owns_api_gateway_role": False})})
    assert check_account._Account(owner, account.client)._gateway_role() == (True, "make bootstrap makes it")
    assert check_account._Account(other, account.client)._gateway_role() == (True, "arn:aws:iam::1:role/logs")

    account.client("apigateway").update_account(
        patchOperations=[{"op": "replace", "path": "/cloudwatchRoleArn", "value": ""}]
    )

    assert account.said()[what][0] == "ok"
    holds, text = check_account._Account(other, account.client)._gateway_role()
    assert not holds
    assert "owns_api_gateway_role = true" in text


@pytest.mark.parametrize(
    ("status", "state", "text"),
    [
        ("ISSUED", "ok", "ISSUED"),
        ("PENDING_VALIDATION", "missing", "PENDING_VALIDATION; create the DNS records that ACM names"),
        ("", "missing", "there is none; request one in ca-central-1 and write its ARN into the settings"),
    ],
)
def test_each_certificate_that_the_settings_name_must_be_issued(
    status: str, state: str, text: str, account: Account
) -> None:
    account.certificate = status

    (found,) = [verdict for what, verdict in account.said().items() if what.startswith("certificate arn:aws:acm:")]
    assert found == (state, text)


def test_a_certificate_is_looked_for_in_its_own_region(account: Account) -> None:
    regions = {region for _, region in check_account._Account(load(FULL), account.client)._certificates()}

    assert regions == {"eu-west-1", "us-east-1"}


@pytest.mark.parametrize("service", ["ec2", "elbv2", "lambda", "cloudtrail", "service-quotas"])
def test_what_cannot_be_read_is_said_and_the_rest_is_checked(service: str, account: Account) -> None:
    account.refuses = service
    said = account.said()

    unread = [text for state, text in said.values() if state == "unread"]
    assert unread
    assert all("AccessDeniedException" in text for text in unread)
    assert len(said) == 9


class Sts:
    def get_caller_identity(self) -> Any:
        return {"Arn": "arn:aws:sts::999999999999:assumed-role/x/y"}


def _not_called(*_: Any, **__: Any) -> Any:
    raise AssertionError("this was not to be called")


def test_another_account_is_refused_before_anything_else(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "_client", lambda service, region: Sts())
    monkeypatch.setattr(cdktf, "require_credentials", lambda environ: None)
    monkeypatch.setattr(cdktf, "synthesize", _not_called)

    assert command.main(["check-account", "--env", _ENVIRONMENT]) == 1
    printed = capsys.readouterr()
    assert printed.err == "the credentials are of account 999999999999, and iot-prod is in 222222222222\n"
    assert printed.out == ""


def test_it_ends_with_0_where_everything_holds_and_with_1_where_not(
    account: Account, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "_client", account.client)
    monkeypatch.setattr(check_account, "refuse_others", lambda environment, sts: None)
    monkeypatch.setattr(cdktf, "require_credentials", lambda environ: None)
    monkeypatch.setattr(cdktf, "synthesize", lambda app, environ: None)

    assert command.main(["check-account", "--env", _ENVIRONMENT]) == 0
    assert capsys.readouterr().err == ""

    account.quotas[_IP] = 0
    assert command.main(["check-account", "--env", _ENVIRONMENT]) == 1
    assert capsys.readouterr().err == "1 of these are missing or cannot be read: docs/new-account.md\n"


def test_nothing_of_it_changes_anything(account: Account) -> None:
    called: set[str] = set()

    def watched(service: str, region: str) -> Any:
        client = account.client(service, region)
        if hasattr(client, "meta"):
            client.meta.events.register("before-call", lambda model, **_: called.add(model.name))
        return client

    check_account.check(load(_ENVIRONMENT), client=watched, say=lambda _: None)

    assert called
    assert all(name.startswith(("Describe", "Get", "List")) for name in called), json.dumps(sorted(called))
