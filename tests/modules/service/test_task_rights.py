"""What each setting lets a task do, and what is started beside or inside it."""

from __future__ import annotations

from typing import Any

from service_parts import BUCKETS, QUEUES, links, policy, synthesize, synthesize_beside

from modules.service import Job, Worker
from settings.service import AllowSettings, JobSettings, SidecarSettings, WorkerSettings

OWN = {"ReadDatabaseSecret", "DecryptDatabaseSecret", "ConnectToRedis"}
LINKED = links(queues=QUEUES, buckets=BUCKETS)
QUEUE_KEYS = ["arn:key-orders", "arn:key-mail-in"]
SIDECAR = SidecarSettings(name="proxy", image="333333333333.dkr.ecr.ca-central-1.amazonaws.com/team/proxy:1")


def through(service: str) -> dict[str, Any]:
    return {"StringEquals": {"kms:ViaService": f"{service}.ca-central-1.amazonaws.com"}}


def test_a_task_sends_to_every_queue_and_receives_from_none() -> None:
    found = policy(synthesize(linked=LINKED), "work")

    assert found.keys() == OWN | {"SendMessages", "KeysOfQueues", "ListBuckets", "UseObjects", "KeysOfBuckets"}
    assert found["SendMessages"]["Action"] == ["sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:SendMessage"]
    assert found["SendMessages"]["Resource"] == ["arn:queue-orders", "arn:queue-mail-in"]
    assert not [action for one in found.values() for action in one["Action"] if "Receive" in action]


def test_a_worker_receives_from_the_queue_that_it_names() -> None:
    own = WorkerSettings(command=("run",), queue="orders")
    synthesized = synthesize_beside(Worker, "mail", linked=LINKED, own=own)

    taking = policy(synthesized, "work", "worker-mail")["TakeMessages"]
    assert taking["Action"] == ["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:ReceiveMessage"]
    assert taking["Resource"] == ["arn:queue-orders"]
    assert "TakeMessages" not in policy(synthesized, "work", "service")


def test_keys_of_queues_and_buckets_are_used_through_them_alone() -> None:
    found = policy(synthesize(linked=LINKED), "work")

    for sid, service, keys in (("KeysOfQueues", "sqs", QUEUE_KEYS), ("KeysOfBuckets", "s3", ["arn:key-exports"])):
        assert found[sid]["Action"] == ["kms:Decrypt", "kms:GenerateDataKey"]
        assert found[sid]["Resource"] == keys
        assert found[sid]["Condition"] == through(service)


def test_objects_are_listed_read_written_and_deleted_in_the_buckets_alone() -> None:
    found = policy(synthesize(linked=LINKED), "work")

    assert (found["ListBuckets"]["Action"], found["ListBuckets"]["Resource"]) == (["s3:ListBucket"], ["arn:exports"])
    assert found["UseObjects"]["Resource"] == ["arn:exports/*"]
    assert set(found["UseObjects"]["Action"]) == {
        "s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:PutObject",
    }  # fmt: skip


def test_tracing_is_a_setting() -> None:
    assert policy(synthesize(tracing=False), "work").keys() == OWN
    trace = policy(synthesize(tracing=True), "work")["Trace"]
    assert set(trace["Action"]) == {
        "xray:GetSamplingRules", "xray:GetSamplingTargets", "xray:PutTelemetryRecords", "xray:PutTraceSegments",
    }  # fmt: skip


def test_further_rights_are_those_of_the_settings_word_for_word() -> None:
    allowed = (
        AllowSettings(actions=("ses:SendEmail",), resources=("arn:aws:ses:ca-central-1:333333333333:identity/a.b",)),
        AllowSettings(actions=("s3:GetObject", "s3:PutObject"), resources=("arn:aws:s3:::theirs/*",)),
    )
    found = policy(synthesize(allow=allowed), "work")

    assert found.keys() == OWN | {"Allowed1", "Allowed2"}
    for sid, said in (("Allowed1", allowed[0]), ("Allowed2", allowed[1])):
        assert (found[sid]["Action"], found[sid]["Resource"]) == (list(said.actions), list(said.resources))
        assert found[sid]["Effect"] == "Allow"


def test_a_shell_is_a_channel_of_ssm_and_a_log() -> None:
    assert policy(synthesize(exec=False), "work").keys() == OWN
    found = policy(synthesize(exec=True), "work")

    assert set(found["Shell"]["Action"]) == {
        "ssmmessages:CreateControlChannel", "ssmmessages:CreateDataChannel", "ssmmessages:OpenControlChannel",
        "ssmmessages:OpenDataChannel",
    }  # fmt: skip
    assert found["FindShellLog"]["Action"] == ["logs:DescribeLogGroups"]
    assert found["WriteShellLog"]["Resource"] == ["arn:aws:logs:ca-central-1:333333333333:log-group:/shop/dev/exec:*"]
    assert set(found["WriteShellLog"]["Action"]) == {
        "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents",
    }  # fmt: skip


def test_workers_and_jobs_have_the_rights_of_the_service_in_roles_of_their_own() -> None:
    worker = synthesize_beside(Worker, "mail", linked=LINKED, own=WorkerSettings(command=("run",)), tracing=True)
    job = JobSettings(command=("run",), schedule="rate(1 hour)")
    report = synthesize_beside(Job, "report", linked=LINKED, own=job, tracing=True)

    for made, purpose in ((worker, "worker-mail"), (report, "job-report")):
        assert policy(made, "work", purpose) == policy(made, "work", "service")
        definition = made.one("aws_ecs_task_definition", family=f"shop-{purpose}-dev")
        for kind in ("task", "execution"):
            role = made.address("aws_iam_role", name=f"shop-{purpose}-{kind}-dev")
            assert definition[f"{kind}_role_arn"] == f"${{{role}.arn}}"


def test_ecs_pulls_the_images_of_sidecars_too_and_no_other() -> None:
    found = policy(synthesize(image="public.ecr.aws/team/app:1", sidecars=(SIDECAR,)), "start")

    assert found["PullImage"]["Resource"] == ["arn:aws:ecr:ca-central-1:333333333333:repository/team/proxy"]
    public = SIDECAR.model_copy(update={"image": "public.ecr.aws/team/proxy:1"})
    assert policy(synthesize(image="public.ecr.aws/team/app:1", sidecars=(public,)), "start").keys() == {"WriteLog"}
