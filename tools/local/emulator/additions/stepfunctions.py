"""Step Functions: the check of a definition that the provider asks for before it makes or changes a machine."""

from typing import Any

from moto.core.responses import ActionResult
from moto.stepfunctions.responses import StepFunctionResponse

from tools.local.emulator.registry import add


# https://docs.aws.amazon.com/step-functions/latest/apireference/API_ValidateStateMachineDefinition.html
@add(StepFunctionResponse)
def validate_state_machine_definition(self: Any) -> ActionResult:
    """Not in moto, whose own reader of definitions finds what is wrong in them."""
    # Importing the reader takes a second, and most environments have no state machine.
    from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser

    try:
        AmazonStateLanguageParser.parse(self._get_param("definition"))
    except Exception as error:  # whatever the reader stumbles over
        diagnostics = [{"severity": "ERROR", "code": "SCHEMA_VALIDATION_FAILED", "message": str(error)}]
        return ActionResult({"result": "FAIL", "diagnostics": diagnostics, "truncated": False})
    return ActionResult({"result": "OK", "diagnostics": [], "truncated": False})


@add(StepFunctionResponse)
def list_state_machine_versions(self: Any) -> ActionResult:
    """Not in moto, which publishes none. The platform publishes none either."""
    self.stepfunction_backend.describe_state_machine(self._get_param("stateMachineArn"))  # raises what AWS raises
    return ActionResult({"stateMachineVersions": []})
