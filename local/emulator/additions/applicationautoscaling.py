"""Application Auto Scaling: tags of scalable targets."""

import json
from typing import Any

from moto.applicationautoscaling.models import ApplicationAutoscalingBackend
from moto.applicationautoscaling.responses import ApplicationAutoScalingResponse

from local.emulator.registry import add, extend


@extend(ApplicationAutoscalingBackend, "__init__", unless="tag")
def start_without_tags(stock: Any, self: Any, region_name: str, account_id: str) -> None:
    """moto keeps no tags; the provider reads them on every refresh (default_tags reach these resources
    too).
    """
    stock(self, region_name, account_id)
    self.target_tags = {}


def _tags(response: Any, arn: str) -> dict[str, str]:
    tags: dict[str, str] = response.applicationautoscaling_backend.target_tags.setdefault(arn, {})
    return tags


@extend(ApplicationAutoScalingResponse, unless="Tags")
def register_scalable_target(stock: Any, self: Any) -> str:
    """moto drops the tags of the call."""
    answer: str = stock(self)
    _tags(self, json.loads(answer)["ScalableTargetARN"]).update(self._get_param("Tags") or {})
    return answer


@add(ApplicationAutoScalingResponse)
def list_tags_for_resource(self: Any) -> str:
    """Not in moto."""
    return json.dumps({"Tags": _tags(self, self._get_param("ResourceARN"))})


@add(ApplicationAutoScalingResponse)
def tag_resource(self: Any) -> str:
    """Not in moto."""
    _tags(self, self._get_param("ResourceARN")).update(self._get_param("Tags"))
    return "{}"


@add(ApplicationAutoScalingResponse)
def untag_resource(self: Any) -> str:
    """Not in moto."""
    for key in self._get_param("TagKeys"):
        _tags(self, self._get_param("ResourceARN")).pop(key, None)
    return "{}"
