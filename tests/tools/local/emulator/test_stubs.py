"""What the settings name and others have made exists from the moment that a resource needs it."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.tools.local.emulator.conftest import ACCOUNT_ID, REGION, Client


def arn(service: str, rest: str, account: str = ACCOUNT_ID) -> str:
    return f"arn:aws:{service}:{REGION}:{account}:{rest}"


def _permit(client: Client, function: str, **qualifier: str) -> Any:
    return client("lambda").add_permission(
        FunctionName=function,
        StatementId="api" + "".join(qualifier.values()),
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
        **qualifier,
    )


def test_functions_with_their_aliases_and_versions(client: Client, name: str) -> None:
    function = arn("lambda", f"function:{name}")
    _permit(client, function)
    _permit(client, function, Qualifier="live")
    _permit(client, function, Qualifier="3")

    functions = client("lambda")
    for qualifier in ("$LATEST", "live", "1", "3"):
        assert functions.get_function(FunctionName=name, Qualifier=qualifier)["Configuration"]["FunctionName"] == name
    versions = functions.list_versions_by_function(FunctionName=name)["Versions"]
    assert [version["Version"] for version in versions] == ["$LATEST", "1", "2", "3"]
    assert [alias["Name"] for alias in functions.list_aliases(FunctionName=name)["Aliases"]] == ["live"]


def test_a_function_that_exists_is_no_stub(client: Client, name: str) -> None:
    _permit(client, name)
    client("lambda").update_function_configuration(FunctionName=name, Description="mine")

    _permit(client, name, Qualifier="live")

    assert client("lambda").get_function(FunctionName=name)["Configuration"]["Description"] == "mine"


def test_a_function_of_another_account_is_not_found(client: Client, name: str) -> None:
    with pytest.raises(ClientError, match="ResourceNotFound"):
        _permit(client, arn("lambda", f"function:{name}", account="222222222222"))


def test_a_zone_takes_records_of_any_name(client: Client, name: str) -> None:
    zones = client("route53")
    record = {
        "Name": f"api.{name}.example.com.",
        "Type": "A",
        "TTL": 60,
        "ResourceRecords": [{"Value": "10.0.0.1"}],
    }
    zones.change_resource_record_sets(
        HostedZoneId=f"Z{name}", ChangeBatch={"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]}
    )

    assert zones.get_hosted_zone(Id=f"Z{name}")["HostedZone"]["Id"] == f"/hostedzone/Z{name}"
    (found,) = zones.list_resource_record_sets(HostedZoneId=f"Z{name}")["ResourceRecordSets"]
    assert found["Name"] == record["Name"]


def test_a_listener_takes_a_certificate_of_this_account_and_no_other(client: Client, name: str) -> None:
    own, foreign = (
        arn("acm", "certificate/00000000-0000-0000-0000-000000000001", account=account)
        for account in (ACCOUNT_ID, "222222222222")
    )
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
        listen(foreign)
    made = listen(own)

    (listener,) = balancing.describe_listeners(ListenerArns=[made])["Listeners"]
    assert [found["CertificateArn"] for found in listener["Certificates"]] == [own]
    balancing.delete_listener(ListenerArn=made)
