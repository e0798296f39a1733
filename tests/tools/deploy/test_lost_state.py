"""A state that is lost: what it had is imported, and completed where it was incomplete."""

from __future__ import annotations

from typing import Any

import pytest

from tests.tools.deploy.conftest import ENVIRONMENT, Deployment
from tools.deploy import recover, terraform

pytestmark = pytest.mark.emulator


def test_a_stack_without_its_state_is_recovered(deployment: Deployment) -> None:
    # GIVEN a stack of named resources of which Terraform has forgotten everything, and a cluster without the managed
    # secret that the others refer to, as one is between its restoration and the provider's next call
    environ, s3, tagging = deployment.environ, deployment.client("s3"), deployment.client("resourcegroupstaggingapi")
    data = deployment.stack("data")
    for stack in (deployment.stack("network"), data):
        terraform.run(["init", "-input=false"], cwd=stack.folder, environ=environ)
        terraform.run(["apply", "-auto-approve", "-input=false"], cwd=stack.folder, environ=environ)
    s3.delete_object(Bucket=data.backend["bucket"], Key=data.backend["key"])
    made = _tagged(tagging)
    rds = deployment.client("rds")
    (cluster,) = rds.describe_db_clusters()["DBClusters"]
    rds.modify_db_cluster(
        DBClusterIdentifier=cluster["DBClusterIdentifier"], ManageMasterUserPassword=False, MasterUserPassword="a" * 20
    )
    assert "MasterUserSecret" not in rds.describe_db_clusters()["DBClusters"][0]

    # WHEN it is taken back, and deployed again
    said: list[str] = []
    assert (
        recover.adopt(
            ENVIRONMENT, environ=environ, client=lambda service, _: deployment.client(service), s3=s3, say=said.append
        )
        > 0
    )
    assert any("aws_rds_cluster" in line and line.endswith("was incomplete and is complete now") for line in said)
    terraform.run(["apply", "-auto-approve", "-input=false"], cwd=data.folder, environ=environ)

    # THEN nothing is made twice, left out or left to do
    plan = terraform.run(["plan", "-detailed-exitcode", "-input=false"], cwd=data.folder, environ=environ, check=False)
    assert plan.returncode == 0, plan.stdout
    assert _tagged(tagging) == made, said
    left = [line for line in said if line.startswith("  ")]
    assert [line for line in left if "snapshot:" not in line] == []  # RDS's own of the new cluster


def _tagged(tagging: Any) -> set[str]:
    pages = tagging.get_paginator("get_resources").paginate(
        TagFilters=[{"Key": "Environment", "Values": [ENVIRONMENT]}]
    )
    return {found["ResourceARN"] for page in pages for found in page["ResourceTagMappingList"]}
