"""Lambda: running the uploaded package, logging settings."""

import base64
import json
import threading
from typing import Any

from moto.awslambda.models import LambdaFunction
from moto.ec2.models import ec2_backends

from tools.local.emulator import functions
from tools.local.emulator.registry import extend
from tools.local.emulator.state import STATE

_LOG_TAIL_BYTES = 4096


def _keep_logging(function: Any, settings: dict[str, Any]) -> None:
    default = {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{function.function_name}"}
    function.logging_config = default | settings.get("LoggingConfig", getattr(function, "logging_config", {}))
    function.logs_group_name = function.logging_config["LogGroup"]


@extend(LambdaFunction, "__init__", unless="LoggingConfig")
def keep_logging(stock: Any, self: Any, spec: dict[str, Any], **rest: Any) -> None:
    """moto drops LoggingConfig."""
    stock(self, spec=spec, **rest)
    _keep_logging(self, spec)


@extend(LambdaFunction, unless="LoggingConfig")
def get_configuration(stock: Any, self: Any, on_create: bool = False) -> dict[str, Any]:
    """AWS always returns a LoggingConfig, and the provider expects one. It keeps the key of variables with them alone:
    https://github.com/hashicorp/terraform-provider-aws/blob/v5.100.0/website/docs/r/lambda_function.html.markdown
    """
    key = self.kms_key_arn if self.environment_vars else None
    return {**stock(self, on_create), "LoggingConfig": self.logging_config, "KMSKeyArn": key}


@extend(LambdaFunction, unless="LoggingConfig")
def update_configuration(stock: Any, self: Any, config_updates: dict[str, Any]) -> Any:
    """moto updates nine settings and drops the others, of which the platform sets these two."""
    stock(self, config_updates)
    _keep_logging(self, config_updates)
    self.tracing_config = config_updates.get("TracingConfig", self.tracing_config)
    return self.get_configuration()


@extend(LambdaFunction, because="vpc-123abc")
def vpc_config(_: Any, self: Any) -> dict[str, Any] | None:
    """moto answers one made-up VPC for all functions; the provider looks for the default security group of the real
    one when it destroys a function with `replace_security_groups_on_destroy`.
    """
    if not self._vpc_config:
        return None
    configuration: dict[str, Any] = dict(self._vpc_config)
    if subnet_ids := configuration.get("SubnetIds"):
        subnets = ec2_backends[self.account_id][self.region].describe_subnets()
        # None when the VPC was given up.
        configuration["VpcId"] = next((subnet.vpc_id for subnet in subnets if subnet.id == subnet_ids[0]), None)
    return configuration


@extend(LambdaFunction, because="self._invoke_lambda(")
def invoke(_: Any, self: Any, body: str, request_headers: Any, response_headers: Any) -> str | bytes:
    """moto needs Docker to run a function. Here a Python function runs in a process of this machine's Python.

    An `Event` call answers at once and runs afterwards, as on AWS; a failure of the function itself is
    "Unhandled".
    """
    event = json.loads(body or "{}")
    kind = request_headers.get("x-amz-invocation-type", "RequestResponse")
    if kind == "DryRun":
        return b""
    if kind == "Event":
        threading.Thread(target=_run_later, args=(self, event), daemon=True).start()
        return b""
    outcome = functions.run(self, event)
    if outcome.failed:
        response_headers["x-amz-function-error"] = "Unhandled"
    response_headers["x-amz-log-result"] = base64.b64encode(outcome.log.encode()[-_LOG_TAIL_BYTES:]).decode()
    return outcome.payload.encode()


def _run_later(function: Any, event: Any) -> None:
    with STATE:
        functions.run(function, event)
