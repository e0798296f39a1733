"""Stubs exist under the very ARNs that are named."""

from __future__ import annotations

import json
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.tools.local.emulator.conftest import ACCOUNT_ID, REGION, Client
from tools.local.emulator.process import Emulator, EmulatorError


def arn(service: str, rest: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT_ID}:{rest}"


def test_functions_with_their_aliases_and_versions(emulator: Emulator, client: Client, name: str) -> None:
    plain = arn("lambda", f"function:{name}")
    emulator.make_stubs([plain, f"{plain}:live", f"{plain}:3"])
    emulator.make_stubs([plain, f"{plain}:live", f"{plain}:3"])  # again: nothing is made twice

    functions = client("lambda")
    for qualifier in ("$LATEST", "live", "1", "3"):
        assert functions.get_function(FunctionName=name, Qualifier=qualifier)["Configuration"]["FunctionName"] == name
    assert json.load(functions.invoke(FunctionName=name)["Payload"])["statusCode"] == 200
    versions = functions.list_versions_by_function(FunctionName=name)["Versions"]
    assert [version["Version"] for version in versions] == ["$LATEST", "1", "2", "3"]
    assert [alias["Name"] for alias in functions.list_aliases(FunctionName=name)["Aliases"]] == ["live"]


def test_they_belong_to_the_account_of_the_emulator(tmp_path: Path) -> None:
    function = f"arn:aws:lambda:{REGION}:222222222222:function:other"
    with Emulator("222222222222", log_dir=tmp_path) as running:
        running.make_stubs([function, "arn:aws:route53:::hostedzone/Z0ABC example.com"])

        session = boto3.Session("emulator", "emulator", region_name=REGION)
        functions, zones = (
            session.client(service, endpoint_url=running.endpoint_url) for service in ("lambda", "route53")
        )
        assert functions.get_function(FunctionName="other")["Configuration"]["FunctionArn"] == function
        assert zones.get_hosted_zone(Id="Z0ABC")["HostedZone"]["Name"].rstrip(".") == "example.com"


def test_certificates_and_zones(emulator: Emulator, client: Client, name: str) -> None:
    certificate = arn("acm", "certificate/11111111-1111-1111-1111-111111111111")
    everything = [certificate, f"arn:aws:route53:::hostedzone/Z0ABC api.{name}.example.com"]
    emulator.make_stubs(everything)
    emulator.make_stubs(everything)

    assert client("acm").describe_certificate(CertificateArn=certificate)["Certificate"]["Status"] == "ISSUED"
    zone = client("route53").get_hosted_zone(Id="Z0ABC")["HostedZone"]
    assert zone["Name"].rstrip(".") == f"api.{name}.example.com"


def test_what_has_no_stub_is_an_error(emulator: Emulator) -> None:
    with pytest.raises(EmulatorError, match=r"there is no stub of arn:aws:sqs"):
        emulator.make_stubs([arn("sqs", "orders")])


def test_a_listener_takes_a_certificate_that_has_a_stub_and_no_other(
    emulator: Emulator, client: Client, name: str
) -> None:
    stub, unknown = (arn("acm", f"certificate/00000000-0000-0000-0000-00000000000{digit}") for digit in "12")
    emulator.make_stubs([stub])
    ec2, balancing = client("ec2"), client("elbv2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    balancer = balancing.create_load_balancer(Name=name[:32], Type="network", Scheme="internal", Subnets=[subnet])
    group = balancing.create_target_group(Name=name[:32], Protocol="TCP", Port=80, VpcId=vpc, TargetType="ip")

    def listen(certificate: str) -> str:
        made = balancing.create_listener(
            LoadBalancerArn=balancer["LoadBalancers"][0]["LoadBalancerArn"],
            Port=443,
            Protocol="TLS",
            SslPolicy="ELBSecurityPolicy-TLS13-1-2-2021-06",
            Certificates=[{"CertificateArn": certificate}],
            DefaultActions=[{"Type": "forward", "TargetGroupArn": group["TargetGroups"][0]["TargetGroupArn"]}],
        )
        return str(made["Listeners"][0]["ListenerArn"])

    with pytest.raises(ClientError, match="CertificateNotFound"):
        listen(unknown)
    made = listen(stub)

    (listener,) = balancing.describe_listeners(ListenerArns=[made])["Listeners"]
    assert [found["CertificateArn"] for found in listener["Certificates"]] == [stub]
    balancing.delete_listener(ListenerArn=made)
