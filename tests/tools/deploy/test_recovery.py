"""A deployment that was killed: what the documentation tells a person to do really ends with an empty plan."""

from __future__ import annotations

import subprocess
from collections import Counter

import pytest

from tests.tools.deploy.conftest import ENVIRONMENT, Deployment
from tools.deploy import recover, terraform

pytestmark = pytest.mark.emulator

_KILLED_AFTER = 16  # of 33 resources: some subnets exist, some do not


def test_a_killed_deployment_is_recovered(deployment: Deployment) -> None:
    # GIVEN a Terraform that was killed in the middle of its first apply
    network = deployment.stack("network")
    environ = deployment.environ
    terraform.run(["init", "-input=false"], cwd=network.folder, environ=environ)
    apply = subprocess.Popen(
        [terraform.binary(environ), "apply", "-auto-approve", "-input=false", "-no-color", "-parallelism=30"],
        cwd=network.folder,
        env=environ,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert apply.stdout is not None
    made = 0
    for line in apply.stdout:
        made += "Creation complete" in line
        if made == _KILLED_AFTER:
            break
    apply.kill()
    apply.communicate()
    again = terraform.run(["plan", "-input=false"], cwd=network.folder, environ=environ, check=False)
    assert "Error acquiring the state lock" in again.stderr

    # WHEN its lock is broken and what it made is taken back
    s3 = deployment.client("s3")
    said: list[str] = []
    assert recover.unlock(ENVIRONMENT, environ=environ, s3=s3, confirmed=False, say=said.append) == 1
    assert "OperationTypeApply" in said[0]
    assert recover.unlock(ENVIRONMENT, environ=environ, s3=s3, confirmed=True, say=said.append) == 1
    apply_again = ["apply", "-auto-approve", "-input=false"]
    recover.adopt(
        ENVIRONMENT, environ=environ, client=lambda service, _: deployment.client(service), s3=s3, say=said.append
    )
    done = terraform.run(apply_again, cwd=network.folder, environ=environ, check=False)
    if "AlreadyExists" in done.stderr:  # as docs/deploy.md says: if a name is taken, recover again
        recover.adopt(
            ENVIRONMENT, environ=environ, client=lambda service, _: deployment.client(service), s3=s3, say=said.append
        )
        done = terraform.run(apply_again, cwd=network.folder, environ=environ, check=False)

    # THEN the next deployment finishes, makes nothing twice, and leaves nothing to do
    assert done.returncode == 0, "\n".join([*said, done.stderr])
    plan = terraform.run(
        ["plan", "-detailed-exitcode", "-input=false"], cwd=network.folder, environ=environ, check=False
    )
    assert plan.returncode == 0, plan.stdout
    tags = deployment.client("ec2").describe_tags(Filters=[{"Name": "key", "Values": ["Name"]}])["Tags"]
    doubled = {
        pair: count for pair, count in Counter((tag["ResourceType"], tag["Value"]) for tag in tags).items() if count > 1
    }
    assert not doubled
    wanted = network.configuration["resource"]["aws_kms_key"]
    assert len(deployment.client("kms").list_keys()["Keys"]) == len(wanted)


def test_without_a_lock_there_is_nothing_to_break(deployment: Deployment) -> None:
    said: list[str] = []

    found = recover.unlock(
        ENVIRONMENT, environ=deployment.environ, s3=deployment.client("s3"), confirmed=True, say=said.append
    )

    assert (found, said) == (0, ["No state of iot-dev is locked"])
