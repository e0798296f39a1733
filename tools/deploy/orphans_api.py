"""How what exists of an API in API Gateway is found, its domain included, and its import id."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tools.deploy.aws import Clients, Finder, Planned, ask, pages


def _named(operation: str) -> Finder:
    """Finds what API Gateway lists, by name and tags."""

    def finder(planned: Planned, clients: Clients) -> Iterator[str]:
        for found in pages(clients("apigateway"), operation, "items"):
            if (found["name"], found.get("tags") or {}) == (planned["name"], planned["tags_all"]):
                yield found["id"]

    return finder


def _in_api(operation: str, attribute: str, key: str) -> Finder:
    """Finds what belongs to an API and is asked for by its own name."""

    def finder(planned: Planned, clients: Clients) -> Iterator[str]:
        api, own = planned["rest_api_id"], planned[attribute]
        if ask(getattr(clients("apigateway"), operation), restApiId=api, **{key: own}):
            yield f"{api}/{own}"

    return finder


def _validator(planned: Planned, clients: Clients) -> Iterator[str]:
    api = planned["rest_api_id"]
    for found in ask(clients("apigateway").get_request_validators, restApiId=api).get("items", ()):
        if found["name"] == planned["name"]:
            yield f"{api}/{found['id']}"


def _api_resource(planned: Planned, clients: Clients) -> Iterator[str]:
    api = planned["rest_api_id"]
    for found in pages(clients("apigateway"), "get_resources", "items", restApiId=api):
        if (found.get("parentId"), found.get("pathPart")) == (planned["parent_id"], planned["path_part"]):
            yield f"{api}/{found['id']}"


def _of_method(operation: str) -> Finder:
    """Finds a method, or what belongs to one: with a status code, where it has one."""

    def finder(planned: Planned, clients: Clients) -> Iterator[str]:
        where = {"restApiId": "rest_api_id", "resourceId": "resource_id", "httpMethod": "http_method"}
        where |= {"statusCode": "status_code"} if operation.endswith("_response") else {}
        asked = {argument: planned[attribute] for argument, attribute in where.items()}
        if ask(getattr(clients("apigateway"), operation), **asked):
            yield "/".join(asked.values())

    return finder


def _usage_plan_key(planned: Planned, clients: Clients) -> Iterator[str]:
    plan, key = planned["usage_plan_id"], planned["key_id"]
    if ask(clients("apigateway").get_usage_plan_key, usagePlanId=plan, keyId=key):
        yield f"{plan}/{key}"


def _authorizer(planned: Planned, clients: Clients) -> Iterator[str]:
    api = planned["rest_api_id"]
    for found in pages(clients("apigateway"), "get_authorizers", "items", restApiId=api):
        if found["name"] == planned["name"]:
            yield f"{api}/{found['id']}"


def _mapping(planned: Planned, clients: Clients) -> Iterator[str]:
    """API Gateway calls the root of a domain `(none)`; in the import id it is empty."""
    domain, path = planned["domain_name"], planned.get("base_path") or ""
    if ask(clients("apigateway").get_base_path_mapping, domainName=domain, basePath=path or "(none)"):
        yield f"{domain}/{path}"


def _record(planned: Planned, clients: Clients) -> Iterator[str]:
    zone, name, type_ = planned["zone_id"], planned["name"], planned["type"]
    start = {"StartRecordName": name, "StartRecordType": type_, "MaxItems": "1"}
    answer = ask(clients("route53").list_resource_record_sets, HostedZoneId=zone, **start)
    for found in answer.get("ResourceRecordSets", ()):
        # A zone without it answers with the one that follows in its order.
        if (found["Name"].rstrip("."), found["Type"]) == (name, type_):
            yield f"{zone}_{name}_{type_}"


# The form of each id stands under "Import" at https://registry.terraform.io/providers/hashicorp/aws/5.100.0/docs
API_FINDERS: Mapping[str, Finder] = {
    "aws_api_gateway_api_key": _named("get_api_keys"),
    "aws_api_gateway_authorizer": _authorizer,
    "aws_api_gateway_base_path_mapping": _mapping,
    "aws_api_gateway_integration": _of_method("get_integration"),
    "aws_api_gateway_integration_response": _of_method("get_integration_response"),
    "aws_api_gateway_method": _of_method("get_method"),
    "aws_api_gateway_method_response": _of_method("get_method_response"),
    "aws_api_gateway_model": _in_api("get_model", "name", "modelName"),
    "aws_api_gateway_request_validator": _validator,
    "aws_api_gateway_resource": _api_resource,
    "aws_api_gateway_rest_api": _named("get_rest_apis"),
    "aws_api_gateway_stage": _in_api("get_stage", "stage_name", "stageName"),
    "aws_api_gateway_usage_plan": _named("get_usage_plans"),
    "aws_api_gateway_usage_plan_key": _usage_plan_key,
    "aws_api_gateway_vpc_link": _named("get_vpc_links"),
    "aws_route53_record": _record,
}
