"""Takes away what AWS makes again after a teardown, and what would refuse the next environment of the same name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from settings import Environment
from tools.deploy.aws import refuse_other_account


def clear(
    environment: Environment,
    *,
    clients: Callable[[str], Any],
    approved: bool = True,
    say: Callable[[str], None] = print,
) -> None:
    """Delete Container Insights' log group where there is no cluster that it could be of.

    Where nobody has `approved` a change yet, it only says that the group is there.

    Container Insights makes the group by itself where it is missing, also for the last metrics of a cluster that is
    gone. The next deployment makes the group before the cluster, and would find the name taken.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Container-Insights-reference.html

    An AWS that refuses is no reason to stop: then the deployment itself says that the group exists. Credentials of
    another account are (DeployError): a group of the same name there is somebody else's.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    cluster = environment.names.name("service")
    group = f"/aws/ecs/containerinsights/{cluster}/performance"
    logs = clients("logs")
    try:
        found = clients("ecs").describe_clusters(clusters=[cluster])["clusters"]
        if any(one["status"] != "INACTIVE" for one in found):
            return
        known = logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]
        left = [one for one in known if one["logGroupName"] == group]
        if not left:
            return
        refuse_other_account(left[0]["arn"], environment)
        if not approved:
            say(f"{group} is left over; if its creation fails: aws logs delete-log-group --log-group-name {group}")
            return
        logs.delete_log_group(logGroupName=group)
    except logs.exceptions.ResourceNotFoundException:
        return
    except (BotoCoreError, ClientError) as error:
        say(f"Whether {group} is left over was not checked: {error}")
        return
    say(f"Deleted {group}, which Container Insights had made again after its cluster was gone")
