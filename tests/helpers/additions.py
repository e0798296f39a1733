"""A hundred and fifty things that somebody might add to the platform, or put in another's place."""

from __future__ import annotations

import json
from collections.abc import Mapping

from json_changes import ELSEWHERE as _ELSEWHERE
from json_changes import Change, add, allow, block, gone, put

_IMAGE = f"{_ELSEWHERE}.dkr.ecr.ca-central-1.amazonaws.com/miner@sha256:{'a' * 64}"
_TASK, _EXECUTION = (
    "aws_iam_role_policy.service_roles_task-policy",
    "aws_iam_role_policy.service_roles_execution-policy",
)
_FUNCTION, _DEPLOY = "aws_iam_role_policy.permissions_policy", "aws_iam_role_policy.deploy-roles_deploy-policy"
_PLAN, _DATA_KEY = "aws_iam_role_policy.deploy-roles_plan-policy", "aws_kms_key.keys_data_key"
_TASKS, _CLUSTER = "aws_ecs_task_definition.service_task-definition", "aws_rds_cluster.database_cluster"
_REDIS = "aws_elasticache_replication_group.cache_replication-group"
_EGRESS, _INGRESS = "aws_vpc_security_group_egress_rule", "aws_vpc_security_group_ingress_rule"
_OF_SERVICE = "${aws_security_group.service_path_security-group_4116A7F0.id}"
_LATENCY = "aws_cloudwatch_metric_alarm.alarms_api-latency"
_ACL, _STAGE = "aws_wafv2_web_acl.api_firewall_web-acl", "aws_api_gateway_stage.api_stage"
_S3 = "aws_vpc_endpoint.network_s3-endpoint"
_CONTAINER = "container_definitions.0"

ADDITIONS: Mapping[str, Change] = {
    # Rights
    "task may assume any role": allow(_TASK, "sts:AssumeRole"),
    "task reads the master secret": allow(
        _TASK, "secretsmanager:GetSecretValue", "arn:aws:secretsmanager:*:*:secret:rds!*"
    ),
    "task reads every secret": put(_TASK, "policy.Statement.0.Resource", ["*"]),
    "task decrypts by any service": put(_TASK, "policy.Statement.1.Condition", None),
    "task starts commands in tasks": allow(_TASK, "ecs:ExecuteCommand"),
    "task sends mail": allow(_TASK, "ses:SendEmail"),
    "execution role may do anything": allow(_EXECUTION, "*"),
    "execution role pulls from another account": put(
        _EXECUTION, "policy.Statement.2.Resource", [f"arn:aws:ecr:ca-central-1:{_ELSEWHERE}:repository/x"]
    ),
    "function reads every secret": put(_FUNCTION, "policy.Statement.0.Resource", ["*"]),
    "function writes the secret unbound": put(_FUNCTION, "policy.Statement.1.Condition", None),
    "function may invoke functions": allow(_FUNCTION, "lambda:InvokeFunction"),
    "function gets not-actions": put(
        _FUNCTION, "policy.Statement.0", {"Sid": "ReadSecret", "Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}
    ),
    "function's code may use network interfaces": put(
        "aws_iam_role_policy.function_policy", "policy.Statement.2", None
    ),
    "administrator attached to the task": add(
        "service",
        "aws_iam_role_policy_attachment",
        role="${aws_iam_role.service_roles_task_35C327FA.name}",
        policy_arn="arn:aws:iam::aws:policy/AdministratorAccess",
    ),
    "another managed policy for monitoring": put(
        "aws_iam_role_policy_attachment.api-gateway_policy",
        "policy_arn",
        "arn:aws:iam::aws:policy/AdministratorAccess",
    ),
    "policy of another account attached": add(
        "service",
        "aws_iam_role_policy_attachment",
        role="${aws_iam_role.service_roles_task_35C327FA.name}",
        policy_arn=f"arn:aws:iam::{_ELSEWHERE}:policy/p",
    ),
    "inline policies are no longer exclusive": gone("aws_iam_role_policies_exclusive.service_roles_task*"),
    "a user": add("bootstrap", "aws_iam_user", name="eve"),
    "an access key": add("bootstrap", "aws_iam_access_key", user="eve"),
    "a role for another account": add(
        "service",
        "aws_iam_role",
        name="x",
        assume_role_policy=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Action": "sts:AssumeRole",
                        "Principal": {"AWS": f"arn:aws:iam::{_ELSEWHERE}:root"},
                    }
                ],
            }
        ),
    ),
    "task role trusts another account": allow(
        "aws_iam_role.service_roles_task",
        "sts:AssumeRole",
        None,
        "assume_role_policy",
        Principal={"AWS": f"arn:aws:iam::{_ELSEWHERE}:root"},
    ),
    "task role trusts EC2": put(
        "aws_iam_role.service_roles_task", "assume_role_policy.Statement.0.Principal", {"Service": "ec2.amazonaws.com"}
    ),
    "task role trusted by any account's tasks": put(
        "aws_iam_role.service_roles_task", "assume_role_policy.Statement.0.Condition", None
    ),
    "trust of all but one": put(
        "aws_iam_role.service_roles_task",
        "assume_role_policy.Statement.0",
        {"Sid": "statement-1", "Effect": "Allow", "Action": "sts:AssumeRole", "NotPrincipal": {"AWS": "arn:x"}},
    ),
    "sessions of twelve hours": put("aws_iam_role.service_roles_task", "max_session_duration", 43200),
    "function runs as the task": put(
        "aws_lambda_function.function", "role", "${aws_iam_role.service_roles_task_35C327FA.arn}"
    ),
    "task runs as the execution role": put(
        _TASKS, "task_role_arn", "${aws_iam_role.service_roles_execution_A3A302E1.arn}"
    ),
    # The workflows' roles
    "deploy role may do all of IAM": allow(_DEPLOY, "iam:*"),
    "deploy role may change bootstrap": put(_DEPLOY, "policy.Statement.8", None),
    "deploy role makes roles without the boundary": put(_DEPLOY, "policy.Statement.3.Condition", None),
    "deploy role attaches any policy": put(_DEPLOY, "policy.Statement.4.Condition.ArnEquals", None),
    "a task without the boundary": put("aws_iam_role.service_roles_task", "permissions_boundary", None),
    "the boundary lets roles make roles": allow("aws_iam_policy.boundary_policy", "iam:CreateRole"),
    "deploy role passes roles to any service": put(_DEPLOY, "policy.Statement.5.Condition", None),
    "deploy role trusts every repository": put(
        "aws_iam_role.deploy-roles_deploy",
        "assume_role_policy.Statement.0.Condition.StringEquals",
        {
            "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
            "token.actions.githubusercontent.com:sub": "repo:*",
        },
    ),
    "deploy role trusts every branch": put(
        "aws_iam_role.deploy-roles_deploy",
        "assume_role_policy.Statement.0.Condition",
        {"StringLike": {"token.actions.githubusercontent.com:sub": "repo:globecart/platform:*"}},
    ),
    "plan role reads objects": allow(_PLAN, "s3:GetObject"),
    "plan role reads keys of clients": put(_PLAN, "policy.Statement.3", None),
    "plan role writes states": allow(_PLAN, "s3:PutObject", "arn:aws:s3:::globecart-state-full-555555555555/*"),
    "another identity provider": add(
        "bootstrap", "aws_iam_openid_connect_provider", url="https://gitlab.com", client_id_list=["x"]
    ),
    "provider takes another audience": put(
        "aws_iam_openid_connect_provider.deploy-roles_provider", "client_id_list.+", "eve"
    ),
    # Keys and secrets
    "key used by another account": allow(
        _DATA_KEY, "kms:Decrypt", Principal={"AWS": f"arn:aws:iam::{_ELSEWHERE}:root"}
    ),
    "lock-out of the key": put(_DATA_KEY, "policy.Statement.0", None),
    "lock-out check switched off": put(_DATA_KEY, "bypass_policy_lockout_safety_check", True),
    "key used without a service": put(_DATA_KEY, "policy.Statement.1.Condition", None),
    "key deleted within a week": put("aws_kms_key.key", "deletion_window_in_days", 8),
    "a multi-region key": put(_DATA_KEY, "multi_region", True),
    "a grant": add("network", "aws_kms_grant", key_id="k", grantee_principal="p", operations=["Decrypt"]),
    "secret readable by everybody": put("aws_secretsmanager_secret_policy.database_policy", "policy.Statement.0", None),
    "secret readable by one more": put(
        "aws_secretsmanager_secret_policy.database_policy",
        "policy.Statement.0.Condition.ArnNotEquals.aws:PrincipalArn.+",
        "arn:aws:iam::555555555555:role/eve",
    ),
    "secret replicated": put("aws_secretsmanager_secret.database_secret", "replica", [{"region": "us-east-1"}]),
    "version_stages removed": put("aws_secretsmanager_secret_version.database_bootstrap", "version_stages", None),
    "rotation every year": put(
        "aws_secretsmanager_secret_rotation.rotation", "rotation_rules.automatically_after_days", 365
    ),
    "rotation by a foreign function": put(
        "aws_secretsmanager_secret_rotation.rotation",
        "rotation_lambda_arn",
        f"arn:aws:lambda:eu-west-1:{_ELSEWHERE}:function:f",
    ),
    "a parameter in plain text": add("service", "aws_ssm_parameter", name="p", type="String", value="v"),
    # Network
    "any prefix list": add(
        "service",
        _EGRESS,
        security_group_id=_OF_SERVICE,
        prefix_list_id="pl-12345678",
        ip_protocol="-1",
        description="d",
    ),
    "another prefix list": put(f"{_EGRESS}.service_path_to-s3", "prefix_list_id", "pl-12345678"),
    "database open to the world": add(
        "data",
        _INGRESS,
        security_group_id="${aws_security_group.database_security-group_BF0DE645.id}",
        cidr_ipv4="0.0.0.0/0",
        from_port=5432,
        to_port=5432,
        ip_protocol="tcp",
        description="d",
    ),
    "database open to the load balancer": put(
        f"{_INGRESS}.service_path_service-database-in",
        "referenced_security_group_id",
        "${data.terraform_remote_state.cross-stack-reference-input-globecart-full-entry.outputs."
        "cross-stack-output-aws_security_groupentry_security-group_81C75102id}",
    ),
    "every port": put(f"{_INGRESS}.service_path_service-redis-in", "to_port", 65535),
    "a rule within a group": put(
        "aws_security_group.service_path_security-group",
        "ingress",
        [{"from_port": 22, "to_port": 22, "protocol": "tcp", "cidr_blocks": ["0.0.0.0/0"]}],
    ),
    "a peering": add("network", "aws_vpc_peering_connection", vpc_id="v", peer_vpc_id="p", peer_owner_id=_ELSEWHERE),
    "a route to a peering": add(
        "network",
        "aws_route",
        route_table_id="${aws_route_table.network_data-route-table_9DE6AABE.id}",
        destination_cidr_block="10.99.0.0/16",
        vpc_peering_connection_id="pcx-1",
    ),
    "data subnets get NAT": put(
        "aws_route.network_public-route", "route_table_id", "${aws_route_table.network_data-route-table_9DE6AABE.id}"
    ),
    "a route within a table": put("aws_route_table.network_data-route-table", "route", [{"cidr_block": "0.0.0.0/0"}]),
    "data subnets pass the world": put(
        "aws_network_acl.network_network-acls_data",
        "ingress.+",
        {"action": "allow", "cidr_block": "0.0.0.0/0", "from_port": 0, "to_port": 0, "protocol": "-1", "rule_no": 50},
    ),
    "private subnets let SSH in": put("aws_network_acl.network_network-acls_private", "ingress.1.from_port", 22),
    "a VPN": add("network", "aws_vpn_gateway", vpc_id="v"),
    "a transit gateway": add("network", "aws_ec2_transit_gateway_vpc_attachment", vpc_id="v", transit_gateway_id="t"),
    "an elastic address": add("egress", "aws_eip", domain="vpc", instance="i-1"),
    "another endpoint": add(
        "network", "aws_vpc_endpoint", vpc_id="v", service_name="com.amazonaws.vpce.us-east-1.vpce-svc-1"
    ),
    "endpoint to another service": put("aws_vpc_endpoint.endpoints_kms", "service_name", "com.amazonaws.eu-west-1.ec2"),
    "endpoint for any identity": put("aws_vpc_endpoint.endpoints_kms", "policy.Statement.0.Condition", None),
    "S3 endpoint without route tables": put(_S3, "route_table_ids", None),
    "S3 endpoint to any bucket": put(_S3, "policy.Statement.0.Condition", None),
    "S3 endpoint to a foreign bucket": put(_S3, "policy.Statement.1.Resource", ["arn:aws:s3:::eve/*"]),
    "flow log to another account": put(
        "aws_flow_log.flow-log", "log_destination", f"arn:aws:logs:eu-west-1:{_ELSEWHERE}:log-group:x"
    ),
    "an instance": add(
        "network", "aws_instance", ami="ami-1", instance_type="t3.micro", associate_public_ip_address=True
    ),
    # Images and code
    "image by digest from elsewhere": put(_TASKS, f"{_CONTAINER}.image", _IMAGE),
    "image from Docker Hub": put(_TASKS, f"{_CONTAINER}.image", "evil/miner:latest"),
    "a sidecar": put(_TASKS, "container_definitions.+", {"name": "sidecar", "image": _IMAGE, "essential": False}),
    "root in the container": put(_TASKS, f"{_CONTAINER}.user", "0:0"),
    "a capability": put(_TASKS, f"{_CONTAINER}.linuxParameters.capabilities.add", ["SYS_PTRACE"]),
    "an entry point": put(_TASKS, f"{_CONTAINER}.entryPoint", ["sh"]),
    "master secret in the container": put(
        _TASKS,
        f"{_CONTAINER}.secrets.+",
        {"name": "M", "valueFrom": "arn:aws:secretsmanager:eu-west-1:555555555555:secret:rds!cluster-1"},
    ),
    "an EFS volume becomes ephemeral": put(_TASKS, "volume.5.efs_volume_configuration", None),
    "a volume of the host": put(_TASKS, "volume.+", {"name": "scratch-host", "host_path": "/"}),
    "a foreign layer": put(
        "aws_lambda_function.function", "layers", [f"arn:aws:lambda:eu-west-1:{_ELSEWHERE}:layer:x:1"]
    ),
    "code from a bucket": put("aws_lambda_function.function", "s3_bucket", "eve"),
    "environment of the function": put(
        "aws_lambda_function.function", "environment", [{"variables": {"PGSSLMODE": "disable"}}]
    ),
    "function on the internet": add(
        "rotation", "aws_lambda_function_url", function_name="f", authorization_type="NONE"
    ),
    "anybody calls the function": put("aws_lambda_permission.watch_permission", "principal", "*"),
    "another account calls the function": add(
        "rotation", "aws_lambda_permission", action="lambda:InvokeFunction", function_name="f", principal=_ELSEWHERE
    ),
    # Logs, alarms, events
    "log subscription to another account": add(
        "service",
        "aws_cloudwatch_log_subscription_filter",
        name="s",
        log_group_name="l",
        filter_pattern="",
        destination_arn=f"arn:aws:logs:eu-west-1:{_ELSEWHERE}:destination:d",
    ),
    "metric stream": add(
        "monitoring", "aws_cloudwatch_metric_stream", firehose_arn="f", role_arn="r", output_format="json"
    ),
    "all alarms gone": gone("aws_cloudwatch_metric_alarm.*", "aws_cloudwatch_composite_alarm.*"),
    "one alarm gone": gone("aws_cloudwatch_metric_alarm.alarms_rotation-failed*"),
    "alarm silenced": put(_LATENCY, "actions_enabled", False),
    "alarm raised": put(_LATENCY, "threshold", 28000),
    "alarm by the hour": put(_LATENCY, "period", 3600),
    "alarm of another namespace": put(_LATENCY, "namespace", "Nothing"),
    "alarms to a foreign topic": put(_LATENCY, "alarm_actions", [f"arn:aws:sns:eu-west-1:{_ELSEWHERE}:t"]),
    "subscription removed": gone("aws_sns_topic_subscription.*"),
    "somebody else subscribes": add(
        "monitoring",
        "aws_sns_topic_subscription",
        endpoint="eve@example.com",
        protocol="email",
        topic_arn="${aws_sns_topic_policy.topic_policy_F0B28A68.arn}",
    ),
    "anybody publishes": allow("aws_sns_topic_policy.topic_policy", "sns:Publish", "*", Principal="*"),
    "event to another account": put(
        "aws_cloudwatch_event_target.watch_report", "arn", f"arn:aws:events:eu-west-1:{_ELSEWHERE}:event-bus/b"
    ),
    "event rule switched off": put("aws_cloudwatch_event_rule.watch_failure", "state", "DISABLED"),
    "execution log off": put("aws_api_gateway_method_settings.api_stage_every-method", "settings.logging_level", "OFF"),
    "bodies in the log": put(
        "aws_api_gateway_method_settings.api_stage_every-method", "settings.data_trace_enabled", True
    ),
    "log without key": put("aws_cloudwatch_log_group.service_log-group", "kms_key_id", None),
    # API
    "WAF samples requests": put(_ACL, "visibility_config.sampled_requests_enabled", True),
    "WAF counts only": put(_ACL, "rule.1.override_action", {"count": {}}),
    "WAF rule removed": put(_ACL, "rule.2", None),
    "WAF rule allows an address": put(_ACL, "rule.+", {"name": "x", "priority": 9, "action": {"allow": {}}}),
    "API without WAF": gone("aws_wafv2_web_acl_association.*"),
    "schema takes anything": put("aws_api_gateway_model.api_model-order", "schema.additionalProperties", True),
    "a route without key": put("aws_api_gateway_method.api_routes_GEThealth", "api_key_required", False),
    "a route without identity": put("aws_api_gateway_method.api_routes_GETcartscartId", "authorization", "NONE"),
    "a body unchecked": put("aws_api_gateway_method.api_routes_POSTorders", "request_models", None),
    "a backend on the internet": put(
        "aws_api_gateway_integration.api_routes_GETorders-backend", "uri", "https://eve.example.com"
    ),
    "old TLS at the domain": put("aws_api_gateway_domain_name.api_domain_name", "security_policy", "TLS_1_0"),
    "a record that leads elsewhere": put("aws_route53_record.api_domain_record", "alias.name", "eve.example.com"),
    "a foreign certificate": put(
        "aws_lb_listener.entry_listener", "certificate_arn", f"arn:aws:acm:eu-west-1:{_ELSEWHERE}:certificate/1"
    ),
    "a public load balancer": put("aws_lb.entry_load-balancer", "internal", False),
    # Data
    "database of a foreign snapshot": put(
        _CLUSTER, "snapshot_identifier", f"arn:aws:rds:eu-west-1:{_ELSEWHERE}:cluster-snapshot:x"
    ),
    "database replicates elsewhere": put(_CLUSTER, "replication_source_identifier", "arn:x"),
    "data API": put(_CLUSTER, "enable_http_endpoint", True),
    "role of the database": put(_CLUSTER, "iam_roles", ["arn:aws:iam::555555555555:role/x"]),
    "TLS optional": put("aws_rds_cluster_parameter_group.database_parameters_cluster-17", "parameter.0.value", "0"),
    "Redis without users": put(_REDIS, "user_group_ids", None),
    "Redis with a password": put(_REDIS, "auth_token", "x" * 20),
    "another Redis user": add(
        "data",
        "aws_elasticache_user",
        user_id="x",
        user_name="x",
        engine="redis",
        access_string="on ~* +@all",
        no_password_required=True,
    ),
    "files past the access point": put("aws_efs_file_system_policy.storage_policy", "policy.Statement.1", None),
    "files replicated": add("data", "aws_efs_replication_configuration", source_file_system_id="f"),
    "state bucket unprotected": gone("aws_s3_bucket_public_access_block.state*"),
    "state bucket may be destroyed": put("aws_s3_bucket.state_bucket", "lifecycle", None),
    "logging role may be destroyed": put("aws_iam_role.api-gateway_role", "lifecycle", None),
    "state bucket read by another account": allow(
        "aws_s3_bucket_policy.state_policy", "s3:GetObject", "*", Principal={"AWS": f"arn:aws:iam::{_ELSEWHERE}:root"}
    ),
    "state bucket replicated": add("bootstrap", "aws_s3_bucket_replication_configuration", bucket="b", role="r"),
    "another bucket": add("entry", "aws_s3_bucket", bucket="x"),
    # Terraform
    "another backend": block("data", "terraform.backend", {"http": {"address": "https://eve.example.com"}}),
    "state of another account": block("data", "terraform.backend.s3.bucket", "eve-state"),
    "state over another's": block("data", "terraform.backend.s3.key", "globecart-full/network.tfstate"),
    "another region": block("data", "provider.aws.+", {"alias": "x", "region": "us-east-1"}),
    "another endpoint of the provider": block("data", "provider.aws.0.endpoints", [{"sts": "https://eve.example.com"}]),
    "role of another account": block(
        "data", "provider.aws.0.assume_role", [{"role_arn": f"arn:aws:iam::{_ELSEWHERE}:role/x"}]
    ),
    "any account": block("data", "provider.aws.0.allowed_account_ids", None),
    "another provider": block("data", "terraform.required_providers.http", {"source": "hashicorp/http"}),
    "the provider from elsewhere": block("data", "terraform.required_providers.aws.source", "eve/aws"),
    "a module": block("data", "module", {"x": {"source": "git::https://eve.example.com/m.git"}}),
    "an external program": block("data", "data.external", {"x": {"program": ["sh"]}}),
    "a secret read": block("data", "data.aws_secretsmanager_secret_version", {"x": {"secret_id": "s"}}),
    "an import": block("data", "import", [{"to": "aws_iam_role.x", "id": "x"}]),
    "a provisioner": put(_CLUSTER, "provisioner", [{"local-exec": {"command": "sh"}}]),
    "a null resource": add("data", "null_resource", provisioner=[{"local-exec": {"command": "sh"}}]),
    "changes ignored": put(_CLUSTER, "lifecycle.ignore_changes", "all"),
}
