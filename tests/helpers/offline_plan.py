"""What the real provider plans for resources that a state has already; no AWS is asked."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tools.deploy import terraform

AWS = 'provider["registry.terraform.io/hashicorp/aws"]'
TERRAFORM = 'provider["terraform.io/builtin/terraform"]'
_PROVIDER = {
    "region": "ca-central-1",
    "access_key": "offline",
    "secret_key": "offline",
    "skip_credentials_validation": True,
    "skip_requesting_account_id": True,
    "skip_metadata_api_check": True,
}


def planned(
    folder: Path,
    resources: Mapping[str, Mapping[str, Any]],
    existing: Iterable[tuple[str, str, str, Mapping[str, Any]]],
) -> list[dict[str, Any]]:
    """The changes; `existing` are (type, name, provider, attributes) of what is in the state."""
    configuration = {
        "terraform": {"required_providers": {"aws": {"source": "aws", "version": terraform.PROVIDER_VERSION}}},
        "provider": {"aws": _PROVIDER},
        "resource": resources,
    }
    rows = [
        {
            "mode": "managed",
            "type": type_,
            "name": name,
            "provider": provider,
            "instances": [{"schema_version": 0, "attributes": attributes}],
        }
        for type_, name, provider, attributes in existing
    ]
    state = {"version": 4, "terraform_version": "1.11.0", "serial": 1, "lineage": "it", "outputs": {}}
    (folder / "main.tf.json").write_text(json.dumps(configuration), encoding="utf-8")
    (folder / "terraform.tfstate").write_text(json.dumps({**state, "resources": rows}), encoding="utf-8")
    environ = {**os.environ, **terraform.settings(os.environ)}
    for arguments in (("init", "-input=false"), ("plan", "-input=false", "-refresh=false", "-out=plan")):
        terraform.run(arguments, cwd=folder, environ=environ)
    shown = terraform.run(("show", "-json", "plan"), cwd=folder, environ=environ)
    changes: list[dict[str, Any]] = json.loads(shown.stdout)["resource_changes"]
    return changes
