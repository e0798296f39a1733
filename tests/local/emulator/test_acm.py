from tests.local.emulator.conftest import ACCOUNT_ID, REGION, Client


def test_a_listener_takes_a_certificate_that_is_issued_elsewhere(client: Client, name: str) -> None:
    certificate = f"arn:aws:acm:{REGION}:{ACCOUNT_ID}:certificate/00000000-0000-0000-0000-000000000000"
    ec2, balancing = client("ec2"), client("elbv2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    balancer = balancing.create_load_balancer(Name=name[:32], Type="network", Scheme="internal", Subnets=[subnet])
    arn = balancer["LoadBalancers"][0]["LoadBalancerArn"]
    group = balancing.create_target_group(Name=name[:32], Protocol="TCP", Port=80, VpcId=vpc, TargetType="ip")

    made = balancing.create_listener(
        LoadBalancerArn=arn,
        Port=443,
        Protocol="TLS",
        SslPolicy="ELBSecurityPolicy-TLS13-1-2-2021-06",
        Certificates=[{"CertificateArn": certificate}],
        DefaultActions=[{"Type": "forward", "TargetGroupArn": group["TargetGroups"][0]["TargetGroupArn"]}],
    )["Listeners"][0]["ListenerArn"]

    (listener,) = balancing.describe_listeners(ListenerArns=[made])["Listeners"]
    assert [found["CertificateArn"] for found in listener["Certificates"]] == [certificate]
    balancing.delete_listener(ListenerArn=made)
