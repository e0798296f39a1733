"""More of what somebody might add or replace: queues, buckets, workers, jobs, and the ways out of and into tasks."""

from __future__ import annotations

from collections.abc import Mapping

from json_changes import ELSEWHERE, Change, add, allow, gone, put

_WORKER_TASKS, _JOB_TASKS = (
    f"aws_ecs_task_definition.{name}_task-definition" for name in ("worker-mails", "job-report")
)
_SERVICE, _WORKER = "aws_ecs_service.service", "aws_ecs_service.worker-mails_service"
_WORK, _RUN = "aws_iam_role_policy.worker-mails_roles_task-policy", "aws_iam_role_policy.job-report_run-policy"
_MACHINE, _SCHEDULE = "aws_sfn_state_machine.job-report_run", "aws_scheduler_schedule.job-report_schedule"
_QUEUE, _DEAD = "aws_sqs_queue.queue-mails_queue", "aws_sqs_queue.queue-mails_dead-letters"
_BUCKET = "aws_s3_bucket.bucket-exports_bucket"
_OUT = "aws_vpc_security_group_egress_rule.service_path_to-203-0-113-0-24-8443"
_VOLUME = "volume_configuration.managed_ebs_volume"
_OF_SERVICE = "${aws_iam_role.service_roles_task_35C327FA.arn}"
_OF_WORKER = "${aws_iam_role.worker-mails_roles_task_DD5C3FA5.arn}"
_OUTSIDE = {"security_group_id": "${aws_security_group.service_path_security-group_4116A7F0.id}", "ip_protocol": "tcp"}

OF_TASKS: Mapping[str, Change] = {
    # Workers
    "a worker runs as the service": put(_WORKER_TASKS, "task_role_arn", _OF_SERVICE),
    "a job runs as a worker": put(_JOB_TASKS, "task_role_arn", _OF_WORKER),
    "a worker runs the image of a job": put(
        _WORKER_TASKS, "container_definitions.0.image", "555555555555.dkr.ecr.eu-west-1.amazonaws.com/report:1.0.0"
    ),
    "a worker runs another command": put(_WORKER_TASKS, "container_definitions.0.command.+", "--debug"),
    "a worker has the tasks of another": put(
        _WORKER, "task_definition", "${aws_ecs_task_definition.worker-thumbnails_task-definition_8D6F6B4A.arn}"
    ),
    "a worker is reached": put(
        _WORKER_TASKS, "container_definitions.0.portMappings", [{"containerPort": 80, "hostPort": 80}]
    ),
    "a worker has an address of the internet": put(_WORKER, "network_configuration.assign_public_ip", True),
    "a worker that no setting names": add("service", "aws_ecs_service", name="x", task_definition="x"),
    "a worker takes messages of every queue": put(_WORK, "policy.Statement.6.Resource", ["arn:aws:sqs:*:*:*"]),
    "a worker without a queue takes messages": allow(
        "aws_iam_role_policy.worker-thumbnails_roles_task-policy",
        "sqs:ReceiveMessage",
        "${data.terraform_remote_state.cross-stack-reference-input-globecart-full-data.outputs.x}",
    ),
    "its volume belongs to the service alone": put(_WORKER, "volume_configuration", [{"name": "volume"}]),
    # Rights
    "a ninth allowance": allow(_WORK, "s3:GetObject", "arn:aws:s3:::eve/*", Sid="Allowed9"),
    "an allowance has one more action": put(_WORK, "policy.Statement.14.Action.+", "ses:SendRawEmail"),
    "an allowance has another resource": put(_WORK, "policy.Statement.14.Resource", ["*"]),
    "an allowance lacks a resource": put(_WORK, "policy.Statement.14", None),
    "keys of queues without their service": put(_WORK, "policy.Statement.9.Condition", None),
    "another's objects": put(_WORK, "policy.Statement.8.Resource", ["arn:aws:s3:::*"]),
    # Jobs
    "a job passes another role": put(_RUN, "policy.Statement.4.Resource.+", _OF_SERVICE),
    "a job passes roles to anything": put(_RUN, "policy.Statement.4.Condition", None),
    "a job runs any task": put(_RUN, "policy.Statement.1.Resource", ["*"]),
    "a schedule starts something else": put(
        _SCHEDULE, "target.arn", f"arn:aws:states:eu-west-1:{ELSEWHERE}:stateMachine:x"
    ),
    "a schedule starts by another role": put(_SCHEDULE, "target.role_arn", _OF_SERVICE),
    "a schedule hands something over": put(_SCHEDULE, "target.input", '{"a": 1}'),
    "a schedule runs every minute": put(_SCHEDULE, "schedule_expression", "rate(1 minute)"),
    "a job's task is another": put(
        _MACHINE,
        "definition.States.Run.Parameters.TaskDefinition",
        "${aws_ecs_task_definition.service_task-definition_1CDBFD24.arn}",
    ),
    "a job's command is overridden": put(_MACHINE, "definition.States.Run.Parameters.Overrides", {"Command": ["sh"]}),
    "a job calls something else": put(_MACHINE, "definition.States.LeftOut", {"Type": "Task", "Resource": "arn:x"}),
    "a job has no end": put(_MACHINE, "definition.States.Run.TimeoutSeconds", 86_400),
    "a schedule that no setting names": add("service", "aws_scheduler_schedule", name="x"),
    "a machine that others may start": allow(
        "aws_iam_role.job-report_run-role",
        "sts:AssumeRole",
        None,
        "assume_role_policy",
        Principal={"Service": "lambda.amazonaws.com"},
    ),
    # Queues and buckets
    "anybody sends messages": allow(_QUEUE, "sqs:SendMessage", "*", Principal="*"),
    "messages without TLS": put(_QUEUE, "policy.Statement.0", None),
    "another account receives": allow(
        _QUEUE, "sqs:ReceiveMessage", "*", Principal={"AWS": f"arn:aws:iam::{ELSEWHERE}:root"}
    ),
    "a queue without its key": put(_QUEUE, "kms_master_key_id", None),
    "a queue under SQS's key": put(_DEAD, "kms_master_key_id", "alias/aws/sqs"),
    "dead letters from every queue": put(_DEAD, "redrive_allow_policy.redrivePermission", "allowAll"),
    "dead letters go elsewhere": put(
        _QUEUE, "redrive_policy.deadLetterTargetArn", f"arn:aws:sqs:eu-west-1:{ELSEWHERE}:x"
    ),
    "messages are kept for a minute": put(_QUEUE, "message_retention_seconds", 60),
    "a queue that no setting names": add("data", "aws_sqs_queue", name="x"),
    "a queue may be destroyed": put(_QUEUE, "lifecycle", None),
    "a bucket is public": put(
        "aws_s3_bucket_public_access_block.bucket-exports_public-access-block", "restrict_public_buckets", False
    ),
    "anybody reads objects": allow(
        "aws_s3_bucket_policy.bucket-exports_policy", "s3:GetObject", "*", Principal={"AWS": "*"}
    ),
    "a bucket under S3's key": put(
        "aws_s3_bucket_server_side_encryption_configuration.bucket-exports_encryption",
        "rule.0.apply_server_side_encryption_by_default",
        {"sse_algorithm": "AES256"},
    ),
    "a bucket without versions": put(
        "aws_s3_bucket_versioning.bucket-exports_versioning", "versioning_configuration.status", "Suspended"
    ),
    "a bucket loses its objects": put(_BUCKET, "force_destroy", True),
    "objects expire at once": put(
        "aws_s3_bucket_lifecycle_configuration.bucket-exports_lifecycle", "rule.0.expiration.0.days", 1
    ),
    "a bucket replicates": add("data", "aws_s3_bucket_replication_configuration", bucket="b", role="r"),
    # Ways out and in
    "out to any port": put(_OUT, "to_port", 65535),
    "out to the whole internet": put(_OUT, "cidr_ipv4", "0.0.0.0/0"),
    "out by the port of another rule": put(_OUT, "from_port", 443),
    "out to one more block": add(
        "service",
        "aws_vpc_security_group_egress_rule",
        **_OUTSIDE,
        cidr_ipv4="198.51.100.0/24",
        from_port=8443,
        to_port=8443,
        description="d",
    ),
    "shells are not logged": put(
        "aws_ecs_cluster.service_cluster", "configuration.execute_command_configuration.logging", "NONE"
    ),
    "a job opens a shell": allow(
        "aws_iam_role_policy.job-report_roles_task-policy", "ssmmessages:OpenDataChannel", Sid="Shell"
    ),
    "a sidecar of another registry": put(
        _WORKER_TASKS, "container_definitions.1.image", f"{ELSEWHERE}.dkr.ecr.eu-west-1.amazonaws.com/x:1"
    ),
    "a sidecar as root": put(_WORKER_TASKS, "container_definitions.1.user", "0:0"),
    "a sidecar may write": put(_WORKER_TASKS, "container_definitions.1.readonlyRootFilesystem", False),
    "a sidecar has a secret": put(
        _WORKER_TASKS, "container_definitions.1.secrets", [{"name": "X", "valueFrom": "arn:aws:secretsmanager:x"}]
    ),
    "a volume in clear text": put(_SERVICE, f"{_VOLUME}.encrypted", False),
    "a volume under EBS's key": put(_SERVICE, f"{_VOLUME}.kms_key_id", None),
    "a volume of a snapshot": put(_SERVICE, f"{_VOLUME}.snapshot_id", "snap-1"),
    "more on Spot than is set": put(_SERVICE, "capacity_provider_strategy.1.weight", 90),
    "deployments go on without alarms": put(_SERVICE, "alarms", None),
    "an alarm on dead letters gone": gone("aws_cloudwatch_metric_alarm.alarms_queues-mails-dead*"),
    "an alarm on another queue": put(
        "aws_cloudwatch_metric_alarm.alarms_queues-mails-dead", "dimensions.QueueName", "globecart-queue-mails-full"
    ),
    "an alarm on a missing job gone": gone("aws_cloudwatch_metric_alarm.alarms_jobs-report-missing*"),
}

IN_PRODUCTION: Mapping[str, Change] = {
    "a shell in production": put(_SERVICE, "enable_execute_command", True),
    "a shell in a worker of production": put("aws_ecs_service.worker-orders_service", "enable_execute_command", True),
    "the rights for a shell in production": allow(
        "aws_iam_role_policy.service_roles_task-policy", "ssmmessages:OpenDataChannel", Sid="Shell"
    ),
    "Spot in production": put(
        _SERVICE, "capacity_provider_strategy", [{"capacity_provider": "FARGATE_SPOT", "weight": 1}]
    ),
    "a NAT gateway that nobody uses": gone(
        "aws_vpc_security_group_egress_rule.path_to-aws*", "aws_vpc_security_group_egress_rule.service_path_to-world*"
    ),
    "a queue of production may be destroyed": put("aws_sqs_queue.queue-orders_queue", "lifecycle", None),
}
