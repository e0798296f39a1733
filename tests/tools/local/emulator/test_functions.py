"""Lambda functions run in processes of this machine's Python."""

import base64
import importlib.machinery
import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.tools.local.emulator.conftest import ACCOUNT_ID, REGION, Client, package
from tools.local.emulator.process import Emulator

_ROLE = f"arn:aws:iam::{ACCOUNT_ID}:role/test"


@pytest.fixture(autouse=True, scope="module")
def _role(client: Client) -> None:
    client("iam").create_role(RoleName="test", AssumeRolePolicyDocument="{}")


def _create(client: Client, name: str, code: str | dict[str, str], **settings: Any) -> Any:
    return client("lambda").create_function(
        **{
            "FunctionName": name,
            "Role": _ROLE,
            "Runtime": "python3.13",
            "Handler": "app.handler",
            "Code": {"ZipFile": package({"app.py": code} if isinstance(code, str) else code)},
            "Timeout": 20,
            **settings,
        }
    )


def _invoke(client: Client, name: str, event: Any = None, **settings: Any) -> tuple[Any, str | None]:
    answer = client("lambda").invoke(FunctionName=name, Payload=json.dumps(event), **settings)
    payload = answer["Payload"].read()
    return (json.loads(payload) if payload else None), answer.get("FunctionError")


def _log(client: Client, group: str) -> str:
    logs = client("logs")
    streams = logs.describe_log_streams(logGroupName=group)["logStreams"]
    events = [
        event["message"]
        for stream in streams
        for event in logs.get_log_events(logGroupName=group, logStreamName=stream["logStreamName"])["events"]
    ]
    return "\n".join(events)


def test_function_gets_its_event_and_returns_its_result(client: Client, name: str) -> None:
    _create(client, name, "def handler(event, context): return {'got': event}")
    assert _invoke(client, name, {"a": [1, None]}) == ({"got": {"a": [1, None]}}, None)


def test_context_has_the_time_left_and_the_names(client: Client, name: str) -> None:
    code = """
def handler(event, context):
    return [context.get_remaining_time_in_millis(), context.function_name, context.invoked_function_arn,
            context.aws_request_id, context.log_group_name, context.log_stream_name]
"""
    arn = _create(client, name, code)["FunctionArn"]
    (left, *names), _ = _invoke(client, name)
    assert 10_000 < left <= 20_000
    assert names[:2] == [name, arn]
    assert all(names)


def test_environment_is_lambdas_and_the_functions_own(client: Client, emulator: Emulator, name: str) -> None:
    _create(
        client,
        name,
        "import os\ndef handler(event, context): return dict(os.environ)",
        Environment={"Variables": {"MINE": "yes"}},
    )
    environment, _ = _invoke(client, name)
    assert environment["MINE"] == "yes"
    assert environment["AWS_LAMBDA_FUNCTION_NAME"] == name
    assert environment["AWS_REGION"] == REGION
    assert environment["AWS_ACCESS_KEY_ID"] == "test", "its calls count as its role's"
    assert environment["AWS_ENDPOINT_URL"] == emulator.endpoint_url
    assert "HOME" not in environment


def test_function_can_call_the_emulator_while_it_runs(client: Client, name: str) -> None:
    _create(
        client,
        name,
        "import boto3\ndef handler(event, context): return boto3.client('sts').get_caller_identity()['Account']",
    )
    assert _invoke(client, name) == (ACCOUNT_ID, None)


def test_failure_is_a_function_error_with_its_type_and_trace(client: Client, name: str) -> None:
    _create(client, name, "def handler(event, context): raise ValueError('no such thing')")
    failure, error = _invoke(client, name)
    assert error == "Unhandled"
    assert failure["errorType"] == "ValueError"
    assert failure["errorMessage"] == "no such thing"
    assert len(failure["stackTrace"]) == 1
    assert "app.py" in failure["stackTrace"][0]


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("import none_such", "ModuleNotFoundError"),
        ("import sys\ndef handler(event, context): sys.exit(3)", "SystemExit"),
        ("import os\ndef handler(event, context): os._exit(3)", "Runtime.ExitError"),
        ("def handler(event, context): return object()", "TypeError"),
    ],
)
def test_other_ends_are_function_errors_too(client: Client, name: str, code: str, kind: str) -> None:
    _create(client, name, code)
    failure, error = _invoke(client, name)
    assert (error, failure["errorType"]) == ("Unhandled", kind)


def test_function_is_ended_at_its_timeout(client: Client, name: str) -> None:
    _create(client, name, "import time\ndef handler(event, context): time.sleep(60)", Timeout=1)
    started = time.monotonic()
    failure, error = _invoke(client, name)
    assert error == "Unhandled"
    assert "Task timed out after 1.00 seconds" in failure["errorMessage"]
    assert time.monotonic() - started < 5


def test_emulator_answers_others_while_a_function_runs(client: Client, name: str) -> None:
    _create(client, name, "import time\ndef handler(event, context): time.sleep(3)")
    started = time.monotonic()
    client("lambda").invoke(FunctionName=name, InvocationType="Event")
    client("sts").get_caller_identity()
    # One that waits for the function answers after the 3 seconds that it runs.
    assert time.monotonic() - started < 3


def test_event_call_answers_at_once_and_runs_afterwards(client: Client, name: str) -> None:
    _create(client, name, "import time\ndef handler(event, context): time.sleep(0.5); print('ran', event)")
    answer = client("lambda").invoke(FunctionName=name, InvocationType="Event", Payload=b'"later"')
    assert answer["StatusCode"] == 202
    deadline = time.monotonic() + 10
    while True:
        groups = client("logs").describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{name}")["logGroups"]
        if groups and "ran later" in _log(client, f"/aws/lambda/{name}"):
            return
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_dry_run_runs_nothing(client: Client, name: str) -> None:
    _create(client, name, "def handler(event, context): raise ValueError")
    assert client("lambda").invoke(FunctionName=name, InvocationType="DryRun")["StatusCode"] == 204


def test_output_goes_to_the_log_group_and_the_log_tail(client: Client, name: str) -> None:
    settings = {"LogFormat": "JSON", "LogGroup": f"/own/{name}"}
    code = "import sys\ndef handler(event, context): print('to out'); print('to err', file=sys.stderr)"
    configuration = _create(client, name, code, LoggingConfig=settings)
    assert configuration["LoggingConfig"] == settings
    answer = client("lambda").invoke(FunctionName=name, LogType="Tail")
    tail = base64.b64decode(answer["LogResult"]).decode()
    log = _log(client, f"/own/{name}")
    for line in ("to out", "to err"):
        assert line in tail
        assert line in log


def test_settings_are_kept_and_changed(client: Client, name: str) -> None:
    created = _create(client, name, "")
    assert created["LoggingConfig"] == {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{name}"}
    changes: dict[str, Any] = {
        "LoggingConfig": {"LogFormat": "JSON", "LogGroup": "/other"},
        "TracingConfig": {"Mode": "Active"},
        "MemorySize": 256,
    }
    client("lambda").update_function_configuration(FunctionName=name, **changes)
    client("lambda").update_function_configuration(FunctionName=name, MemorySize=256)
    found = client("lambda").get_function_configuration(FunctionName=name)
    assert {key: found[key] for key in changes} == changes


def test_a_key_is_kept_only_with_variables(client: Client, name: str) -> None:
    key = "arn:aws:kms:ca-central-1:111111111111:key/a"

    assert not _create(client, name, "", KMSKeyArn=key).get("KMSKeyArn")
    client("lambda").update_function_configuration(FunctionName=name, Environment={"Variables": {"A": "b"}})
    assert client("lambda").get_function_configuration(FunctionName=name)["KMSKeyArn"] == key


def test_package_compiled_for_another_machine_gives_way_to_the_hosts(client: Client, name: str) -> None:
    files = {
        "psycopg2/__init__.py": "raise ImportError('the package of another machine')",
        "psycopg2/_psycopg.cpython-399-aarch64-linux-gnu.so": "",
        "helper/__init__.py": "WORD = 'from the package'",
        "app.py": "import psycopg2, helper\ndef handler(*_): return [psycopg2.__version__, helper.WORD]",
    }
    _create(client, name, files)
    (version, word), error = _invoke(client, name)
    assert error is None
    assert version[0].isdigit()
    assert word == "from the package"


def test_package_compiled_for_this_machine_is_used(client: Client, name: str) -> None:
    files = {
        "psycopg2/__init__.py": "__version__ = 'of the package'",
        f"psycopg2/_psycopg{importlib.machinery.EXTENSION_SUFFIXES[0]}": "",
        "app.py": "import psycopg2\ndef handler(*_): return psycopg2.__version__",
    }
    _create(client, name, files)
    assert _invoke(client, name) == ("of the package", None)


def test_this_machine_can_add_variables_and_replace_files(
    client: Client, name: str, lambda_config: Path, tmp_path: Path
) -> None:
    replacement = tmp_path / "ca.pem"
    replacement.write_text("test authority")
    settings = {
        "environment": {"PGHOSTADDR": "127.0.0.9"},
        "files": {"certificates/ca.pem": str(replacement)},
    }
    lambda_config.write_text(json.dumps({f"{name}-rotation": settings}))
    files = {
        "certificates/ca.pem": "real authority",
        "app.py": (
            "import os, pathlib\n"
            "def handler(*_):\n"
            "    return [os.environ.get('PGHOSTADDR'), pathlib.Path('certificates/ca.pem').read_text()]"
        ),
    }
    for function in (f"{name}-rotation", f"{name}-other"):
        _create(client, function, files)
    assert _invoke(client, f"{name}-rotation") == (["127.0.0.9", "test authority"], None)
    assert _invoke(client, f"{name}-other") == ([None, "real authority"], None)


def test_file_to_replace_that_is_not_in_the_package_is_an_error(client: Client, name: str, lambda_config: Path) -> None:
    lambda_config.write_text(json.dumps({name: {"files": {"none.pem": "/dev/null"}}}))
    _create(client, name, "def handler(event, context): ...")
    failure, error = _invoke(client, name)
    assert error == "Unhandled"
    assert "has no file none.pem" in failure["errorMessage"]


def test_other_runtimes_are_refused(client: Client, name: str) -> None:
    _create(client, name, "", Runtime="nodejs22.x")
    failure, error = _invoke(client, name)
    assert error == "Unhandled"
    assert "runs Python functions" in failure["errorMessage"]


def test_running_functions_end_with_the_emulator(tmp_path: Path) -> None:
    own_emulator = Emulator(ACCOUNT_ID, log_dir=tmp_path)
    own_emulator.start()
    session = boto3.Session("k", "s", region_name=REGION)

    def own(service: str) -> Any:
        return session.client(service, endpoint_url=own_emulator.endpoint_url)

    own("iam").create_role(RoleName="test", AssumeRolePolicyDocument="{}")
    pid_file = tmp_path / "pid"
    code = (
        "import os, pathlib, time\n"
        "def handler(event, context):\n"
        "    pathlib.Path(event).write_text(str(os.getpid()))\n"
        "    time.sleep(60)"
    )
    _create(own, "sleeper", code, Timeout=60)
    own("lambda").invoke(FunctionName="sleeper", InvocationType="Event", Payload=json.dumps(str(pid_file)))
    deadline = time.monotonic() + 10
    while not (pid_file.exists() and pid_file.read_text()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    os.kill(own_emulator.pid, signal.SIGKILL)
    own_emulator.stop()
    while _is_running(int(pid_file.read_text())):
        assert time.monotonic() < deadline, "the function outlived the emulator"
        time.sleep(0.05)


def _is_running(pid: int) -> bool:
    """A zombie that nobody has waited for yet does not count."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return bool(state.strip()) and not state.startswith("Z")


def test_function_is_in_the_vpc_of_its_subnets(client: Client, name: str) -> None:
    ec2 = client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.0.0/24")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName=name, Description="-", VpcId=vpc)["GroupId"]

    made = _create(client, name, "", VpcConfig={"SubnetIds": [subnet], "SecurityGroupIds": [group]})

    assert made["VpcConfig"]["VpcId"] == vpc
