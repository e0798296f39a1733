"""EFS: backup policy and file system policy."""

from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.efs.exceptions import FileSystemNotFound
from moto.efs.models import FileSystem
from moto.efs.responses import EFSResponse

from tools.local.emulator.registry import add, extend


def _file_system(response: Any) -> Any:
    file_system_id = response._get_param("FileSystemId")
    if file_system_id not in response.efs_backend.file_systems_by_id:
        raise FileSystemNotFound(file_system_id)
    return response.efs_backend.file_systems_by_id[file_system_id]


@extend(FileSystem, unless="DISABLED")
def backup_policy(stock: Any, self: Any) -> Any:
    """moto knows "enabled" and "never set". A policy that was switched off is DISABLED on AWS, not
    missing.
    """
    return getattr(self, "changed_backup_policy", None) or stock(self)


@add(EFSResponse)
def put_backup_policy(self: Any) -> ActionResult:
    """Not in moto, which only reads what was set with the creation."""
    policy = _file_system(self).changed_backup_policy = self._get_param("BackupPolicy")
    return ActionResult({"BackupPolicy": policy})


@add(EFSResponse)
def delete_file_system_policy(self: Any) -> ActionResult:
    """Not in moto: without it no file system with a policy can be destroyed."""
    _file_system(self).file_system_policy = None
    return EmptyResult()
