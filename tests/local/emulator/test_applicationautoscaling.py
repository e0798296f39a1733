from tests.local.emulator.conftest import Client


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
