"""What a call says and moto drops: kept on moto's own objects, from which its serializer answers."""

from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import camelcase_to_underscores
from moto.utilities.tagging_service import TaggingService

from tools.local.emulator.registry import add

TAGS = TaggingService()
"""The tags of what moto gives none, by ARN."""


def keep(target: Any, parameters: dict[str, Any], *but: str) -> None:
    """Set every parameter but those on an object of moto's, under the name that its serializer looks for."""
    for name, value in parameters.items():
        if value is not None and name not in but:
            setattr(target, camelcase_to_underscores(name), value)


def keep_tags(response: type, tags: str, keys: str, *, as_map: bool) -> None:
    """Give a service of moto's the three operations on tags. The provider reads them on every refresh: the default
    tags reach these resources too.

    `tags` and `keys` are the parameters' names; `as_map` says whether tags are a map or a list of keys and values.
    """

    def list_tags_for_resource(self: Any) -> ActionResult:
        found = TAGS.get_tag_dict_for_resource(self._get_param("ResourceARN"))
        return ActionResult({tags: found if as_map else TaggingService.convert_dict_to_tags_input(found)})

    def tag_resource(self: Any) -> ActionResult:
        tag(self._get_param("ResourceARN"), self._get_param(tags))
        return EmptyResult()

    def untag_resource(self: Any) -> ActionResult:
        TAGS.untag_resource_using_names(self._get_param("ResourceARN"), self._get_param(keys))
        return EmptyResult()

    for member in (list_tags_for_resource, tag_resource, untag_resource):
        add(response)(member)


def tag(arn: str, tags: Any) -> None:
    """Put tags on a resource, whether they are a map or a list."""
    TAGS.tag_resource(arn, TaggingService.convert_dict_to_tags_input(tags) if isinstance(tags, dict) else tags)
