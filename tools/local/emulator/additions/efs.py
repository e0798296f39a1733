"""EFS: backup policy, file system policy and replication protection."""

import json
from typing import Any

from moto.efs import urls
from moto.efs.exceptions import FileSystemNotFound
from moto.efs.models import FileSystem
from moto.efs.responses import EFSResponse

from tools.local.emulator.registry import add, extend

# The path of update_file_system_protection below.
urls.url_paths["/2015-02-01/file-systems/<file_system_id>/protection"] = urls.response.dispatch

_JSON = {"Content-Type": "application/json"}


def _file_system(response: Any) -> Any:
    file_system_id = response._get_param("FileSystemId")
    try:
        return response.efs_backend.file_systems_by_id[file_system_id]
    except KeyError:
        raise FileSystemNotFound(file_system_id) from None


@extend(FileSystem, unless="DISABLED")
def backup_policy(stock: Any, self: Any) -> dict[str, str] | None:
    """moto knows "enabled" and "never set". A policy that was switched off is DISABLED on AWS, not
    missing.
    """
    return stock(self) or getattr(self, "_backup_policy_off", None)


@add(EFSResponse)
def put_backup_policy(self: Any) -> tuple[str, dict[str, str]]:
    """Not in moto, which only reads what was set with the creation."""
    file_system = _file_system(self)
    policy = self._get_param("BackupPolicy")
    file_system._backup = policy["Status"] == "ENABLED"
    file_system._backup_policy_off = {"Status": "DISABLED"}
    return json.dumps({"BackupPolicy": policy}), _JSON


@add(EFSResponse)
def delete_file_system_policy(self: Any) -> tuple[str, dict[str, str]]:
    """Not in moto: without it no file system with a policy can be destroyed."""
    _file_system(self).file_system_policy = None
    return "{}", _JSON


@add(EFSResponse)
def update_file_system_protection(self: Any) -> tuple[str, dict[str, str]]:
    """Not in moto (nor is its path): the provider calls it for the `protection` block."""
    file_system = _file_system(self)
    file_system.file_system_protection = {
        "ReplicationOverwriteProtection": self._get_param("ReplicationOverwriteProtection")
    }
    return json.dumps(file_system.file_system_protection), _JSON
