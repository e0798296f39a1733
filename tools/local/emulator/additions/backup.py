"""AWS Backup: what a plan is for, changes of a plan, and the opt-in of services."""

import json
from typing import Any
from urllib.parse import unquote

from moto.backup import urls
from moto.backup.exceptions import ResourceNotFoundException
from moto.backup.models import BackupBackend
from moto.backup.responses import BackupResponse
from moto.core.utils import unix_time
from moto.moto_api._internal import mock_random

from tools.local.emulator.registry import add, extend

urls.url_paths.setdefault("{0}/account-settings$", BackupResponse.dispatch)
urls.url_paths.setdefault("{0}/backup-vaults/(?P<name>[^/]+)/recovery-points/$", BackupResponse.dispatch)

# Aurora is none of them: https://repost.aws/knowledge-center/aws-backup-troubleshoot-scheduled-backup-plans
_OPTED_IN = {"DynamoDB": True, "EBS": True, "EC2": True, "EFS": True, "RDS": True, "Storage Gateway": True}


@extend(BackupBackend, "__init__", unless="selections")
def start_without_selections(stock: Any, self: Any, region_name: str, account_id: str) -> None:
    """moto keeps plans, and nothing of what they back up."""
    stock(self, region_name, account_id)
    self.selections = {}
    self.opt_in = dict(_OPTED_IN)


def _ids(response: Any) -> tuple[str, str]:
    """Plan and selection in a path such as /backup/plans/<id>/selections/<id>."""
    parts = [part for part in unquote(response.path).split("/") if part]
    return parts[2], parts[4] if len(parts) > 4 else ""


def _selection(response: Any) -> dict[str, Any]:
    found = response.backup_backend.selections.get(_ids(response))
    if found is None:
        raise ResourceNotFoundException(f"Backup selection with id {_ids(response)[1]} does not exist.")
    return dict(found)


@add(BackupResponse)
def create_backup_selection(self: Any) -> str:
    """Not in moto."""
    backend, plan_id, id_ = self.backup_backend, _ids(self)[0], str(mock_random.uuid4())
    backend.get_backup_plan(plan_id, None)  # raises ResourceNotFoundException
    made = {"SelectionId": id_, "BackupPlanId": plan_id, "CreationDate": unix_time()}
    backend.selections[plan_id, id_] = {**made, "BackupSelection": json.loads(self.body)["BackupSelection"]}
    return json.dumps(made)


@add(BackupResponse)
def get_backup_selection(self: Any) -> str:
    """Not in moto."""
    return json.dumps(_selection(self))


@add(BackupResponse)
def delete_backup_selection(self: Any) -> str:
    """Not in moto."""
    _selection(self)
    del self.backup_backend.selections[_ids(self)]
    return "{}"


@add(BackupResponse)
def update_backup_plan(self: Any) -> str:
    """Not in moto. AWS gives the plan another version."""
    backend = self.backup_backend
    plan = backend.get_backup_plan(_ids(self)[0], None)
    changed = type(plan)(json.loads(self.body)["BackupPlan"], plan.creator_request_id, backend)
    plan.backup_plan, plan.version_id = changed.backup_plan, changed.version_id
    return json.dumps(plan.to_dict())


@extend(BackupBackend, because="for p in list(self.plans.values())")
def create_backup_plan(stock: Any, self: Any, **asked: Any) -> Any:
    """In moto a deleted plan keeps its name. On AWS an environment that was torn down makes its plan again."""
    every, self.plans = self.plans, {id_: plan for id_, plan in self.plans.items() if plan.deletion_date is None}
    try:
        return stock(self, **asked)
    finally:
        self.plans = {**every, **self.plans}


@add(BackupResponse)
def list_recovery_points_by_backup_vault(self: Any) -> str:
    """Not in moto. No time passes here, and so no plan has run."""
    return json.dumps({"RecoveryPoints": []})


@extend(BackupResponse, because='self.path.split("/")[-2]')
def list_tags(_: Any, self: Any) -> str:
    """moto reads the ARN from a path with a slash at its end, as boto3 sends it; the provider sends none."""
    arn = unquote(self.path.rstrip("/").rpartition("/")[2])
    return json.dumps({"Tags": self.backup_backend.list_tags(arn)})


@add(BackupResponse)
def describe_region_settings(self: Any) -> str:
    """Not in moto."""
    return json.dumps({"ResourceTypeOptInPreference": self.backup_backend.opt_in})


@add(BackupResponse)
def update_region_settings(self: Any) -> str:
    """Not in moto. What is not named stays as it is."""
    self.backup_backend.opt_in.update(json.loads(self.body).get("ResourceTypeOptInPreference") or {})
    return "{}"
