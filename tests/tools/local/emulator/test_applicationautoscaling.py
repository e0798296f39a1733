import pytest
from botocore.exceptions import ClientError

from tests.tools.local.emulator.conftest import Client


def test_scalable_target_has_tags(client: Client, name: str) -> None:
    ecs = client("ecs")
    ecs.create_cluster(clusterName=name)
    ecs.register_task_definition(family=name, containerDefinitions=[{"name": "app", "image": "app", "memory": 128}])
    ecs.create_service(cluster=name, serviceName=name, taskDefinition=name, desiredCount=1)
    scaling = client("application-autoscaling")
    arn = scaling.register_scalable_target(
        ServiceNamespace="ecs",
        ResourceId=f"service/{name}/{name}",
        ScalableDimension="ecs:service:DesiredCount",
        MinCapacity=1,
        MaxCapacity=2,
        Tags={"Name": name},
    )["ScalableTargetARN"]

    assert scaling.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"Name": name}
    scaling.tag_resource(ResourceARN=arn, Tags={"Tier": "test"})
    scaling.untag_resource(ResourceARN=arn, TagKeys=["Name"])
    assert scaling.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"Tier": "test"}


def test_a_replication_group_is_a_target(client: Client, name: str) -> None:
    client("elasticache").create_replication_group(
        ReplicationGroupId=name,
        ReplicationGroupDescription="test",
        Engine="redis",
        CacheNodeType="cache.m7g.large",
        NumNodeGroups=1,
        ReplicasPerNodeGroup=1,
        AutomaticFailoverEnabled=True,
    )
    scaling = client("application-autoscaling")
    target = {"ServiceNamespace": "elasticache", "ResourceId": f"replication-group/{name}"}
    replicas = {**target, "ScalableDimension": "elasticache:replication-group:Replicas"}
    scaling.register_scalable_target(**replicas, MinCapacity=1, MaxCapacity=3)
    scaling.register_scalable_target(**replicas, MaxCapacity=4)
    scaling.put_scaling_policy(
        **replicas,
        PolicyName=name,
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": 60,
            "PredefinedMetricSpecification": {"PredefinedMetricType": "ElastiCacheReplicaEngineCPUUtilization"},
        },
    )

    (made,) = scaling.describe_scalable_targets(ServiceNamespace="elasticache", ResourceIds=[target["ResourceId"]])[
        "ScalableTargets"
    ]
    assert (made["MinCapacity"], made["MaxCapacity"]) == (1, 4)
    (policy,) = scaling.describe_scaling_policies(**replicas)["ScalingPolicies"]
    assert policy["PolicyName"] == name
    scaling.deregister_scalable_target(**replicas)
    left = scaling.describe_scalable_targets(ServiceNamespace="elasticache", ResourceIds=[target["ResourceId"]])
    assert not left["ScalableTargets"]


@pytest.mark.parametrize(
    ("group", "dimension"),
    [("absent", "Replicas"), ("absent", "Nodes")],
    ids=["no such group", "no such dimension"],
)
def test_what_elasticache_does_not_scale_is_refused(client: Client, group: str, dimension: str) -> None:
    with pytest.raises(ClientError, match="ValidationException"):
        client("application-autoscaling").register_scalable_target(
            ServiceNamespace="elasticache",
            ResourceId=f"replication-group/{group}",
            ScalableDimension=f"elasticache:replication-group:{dimension}",
            MinCapacity=1,
            MaxCapacity=2,
        )
