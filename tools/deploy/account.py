"""What is looked at in the account before a deployment, because AWS would refuse it minutes later."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from settings import Environment
from tools.deploy.aws import Clients, refuse_other_account
from tools.synthesized.errors import DeployError

# Runs that Lambda wants left for functions without a reservation.
# https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionConcurrency.html
_LEFT_FOR_OTHERS = 100


def prepare(environment: Environment, *, clients: Clients, approved: bool, say: Callable[[str], None] = print) -> None:
    """Check the quota of concurrent runs, and take away a log group that is in the way.

    Raises DeployError when the deployment would fail. An AWS that does not tell is no reason to stop: the role may lack
    the right, and the deployment reports the rest itself. Where nobody has `approved` a change yet, none is made.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    group = f"/aws/ecs/containerinsights/{environment.names.name('service')}/performance"
    try:
        check_concurrency(environment, clients("lambda"))
    except (BotoCoreError, ClientError) as error:
        say(f"Lambda's concurrency quota was not checked: {error}")
    try:
        _clear_log_group(group, environment, clients, approved, say)
    except (BotoCoreError, ClientError) as error:
        say(f"{group} was not checked: {error}")


def check_concurrency(environment: Environment, functions: Any) -> None:
    """Compare `rotation.reserved_concurrency` with what the account can still reserve."""
    wanted = environment.rotation.reserved_concurrency
    if not wanted:
        return
    limits = functions.get_account_settings()["AccountLimit"]
    try:
        answer = functions.get_function_concurrency(FunctionName=environment.names.name("rotation"))
    except functions.exceptions.ResourceNotFoundException:  # before its first deployment
        answer = {}
    held = answer.get("ReservedConcurrentExecutions", 0)
    spare = limits["UnreservedConcurrentExecutions"] + held - _LEFT_FOR_OTHERS
    if wanted > spare:
        raise DeployError(
            f"rotation.reserved_concurrency = {wanted}; allowed: at most {max(spare, 0)} in the account "
            f"{environment.account_id}, whose Lambda concurrency quota in {environment.region} is "
            f"{limits['ConcurrentExecutions']}, of which {_LEFT_FOR_OTHERS} must stay unreserved; "
            "ask AWS to raise the quota, or set 0 in development"
        )


def _clear_log_group(
    group: str, environment: Environment, clients: Clients, approved: bool, say: Callable[[str], None]
) -> None:
    """Delete Container Insights' log group where there is no cluster that it could be of.

    Container Insights makes the group by itself where it is missing, also for the last metrics of a cluster that is
    gone. The next deployment makes the group before the cluster, and would find the name taken.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Container-Insights-reference.html

    Raises DeployError for credentials of another account: a group of the same name there is somebody else's.
    """
    logs = clients("logs")
    clusters = clients("ecs").describe_clusters(clusters=[environment.names.name("service")])["clusters"]
    known = logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]
    left = [one for one in known if one["logGroupName"] == group]
    if any(one["status"] != "INACTIVE" for one in clusters) or not left:
        return
    refuse_other_account(left[0]["arn"], environment)
    if approved:
        logs.delete_log_group(logGroupName=group)
        say(f"Deleted {group}, which Container Insights had recreated after its cluster was deleted")
    else:
        say(
            f"{group} already exists; if the deployment cannot create it, run: aws logs delete-log-group "
            f"--log-group-name {group}"
        )
