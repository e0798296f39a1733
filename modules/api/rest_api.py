"""The REST API in front of the service, made from the routes of an environment's settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cdktf_cdktf_provider_aws.api_gateway_rest_api import ApiGatewayRestApi, ApiGatewayRestApiEndpointConfiguration
from cdktf_cdktf_provider_aws.api_gateway_rest_api_policy import ApiGatewayRestApiPolicy
from cdktf_cdktf_provider_aws.api_gateway_vpc_link import ApiGatewayVpcLink
from constructs import Construct

from modules.api.checks import authorizers, models, refusals, validators
from modules.api.domain import Domain
from modules.api.firewall import Firewall
from modules.api.functions import permit
from modules.api.plan import Keys
from modules.api.redeployment import triggers
from modules.api.routes import Backends, Checks, Routes
from modules.api.stage import StageLogs
from modules.common.accept import accept
from modules.common.place import Place
from modules.common.policies import document, statement
from settings.api import ApiSettings, path_pattern


class Api(Construct):
    """A regional REST API, its firewall, and a key for each client. What of it is in force is its stage's to say.

    `schemas` are the JSON schemas that the routes name; `load_balancer_arn` is the way into the VPC that `base_url`
    names. An ephemeral environment has no domain: the name belongs to the original.
    With a domain the API answers under that name alone; `behind_cloudfront` it answers CloudFront alone.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        settings: ApiSettings,
        schemas: Mapping[str, Mapping[str, Any]],
        base_url: str,
        load_balancer_arn: str,
        place: Place,
        behind_cloudfront: bool = False,
    ) -> None:
        super().__init__(scope, id_)
        domain = settings.domain if place.names.suffix is None else None
        self.name = place.names.name("api")
        api = ApiGatewayRestApi(
            self,
            "rest-api",
            name=self.name,
            description=f"API of {place.names.environment}",
            endpoint_configuration=ApiGatewayRestApiEndpointConfiguration(types=["REGIONAL"]),
            api_key_source="HEADER",
            binary_media_types=sorted(settings.binary_media_types) or None,
            disable_execute_api_endpoint=domain is not None,
        )
        self.id = api.id
        execution_arn = api.execution_arn
        callers = api_policy(execution_arn, settings)
        ApiGatewayRestApiPolicy(self, "policy", rest_api_id=self.id, policy=callers)
        accept(
            api,
            {"lifecycle": None},
            CKV_AWS_237="the API id is part of the URL that clients use, so create_before_destroy would not help",
        )
        parameters, body = validators(self, rest_api_id=self.id)
        refusals(self, rest_api_id=self.id, cors=settings.cors)
        link = ApiGatewayVpcLink(
            self, "vpc-link", name=self.name, description="From the API to the service", target_arns=[load_balancer_arn]
        )
        logins = authorizers(
            self,
            rest_api_id=self.id,
            execution_arn=execution_arn,
            settings=settings.authorizers,
            names=place.names,
            account=place.account,
        )
        Routes(
            self,
            "routes",
            routes=settings.routes,
            cors=settings.cors,
            rest_api_id=self.id,
            root_resource_id=api.root_resource_id,
            backends=Backends(base_url, link.id, place.account),
            checks=Checks(
                parameters,
                body,
                models(self, rest_api_id=self.id, schemas=schemas),
                logins,
            ),
        )
        of_authorizers = [id_ for _, id_ in logins.values() if id_ is not None]
        self.triggers = triggers(self, ids=[link.id, parameters, body, *of_authorizers], base_url=base_url)
        for function_arn in sorted({route.function_arn for route in settings.routes if route.function_arn}):
            permit(
                self,
                f"call-{function_arn.split(':', 6)[6].replace(':', '-')}",
                function_arn=function_arn,
                source_arn=f"{execution_arn}/{settings.stage_name}/*",
                names=place.names,
            )
        self.stage_name = settings.stage_name
        logs = StageLogs(
            self,
            "stage",
            rest_api_id=self.id,
            stage_name=settings.stage_name,
            canary=settings.canary_percent is not None,
            place=place,
        )
        self.access_log_group = logs.access_name
        self.canary_log_group = logs.canary_access_name
        self.access_log_arn = logs.access_arn
        firewall = Firewall(
            self,
            "firewall",
            rate_limit=settings.firewall_limit,
            user_agent_required=settings.user_agent_required,
            place=place,
            behind_cloudfront=behind_cloudfront,
        )
        self.web_acl_name = firewall.name
        self.web_acl_arn = firewall.arn
        keys = Keys(self, "plan", clients=settings.clients, names=place.names)
        self.key_ids = keys.ids
        self.forgotten_keys = keys.forgotten
        self.domain_name = None if domain is None else Domain(self, "domain", settings=domain).name


def api_policy(execution_arn: str, settings: ApiSettings) -> str:
    """Who may call the API at all, whatever else a route asks for.

    Everybody, but for routes with IAM: one allowed here would be open to every identity of the account, asked or not.
    Nobody without TLS, or from outside the allowed blocks.
    """
    every_path = f"{execution_arn}/*"
    resources = [every_path]
    if any(route.authorizer == "iam" for route in settings.routes):
        stage = f"{execution_arn}/{settings.stage_name}"
        open_routes = {
            f"{stage}/{method}{path_pattern(route.path)}"
            for route in settings.routes
            if route.authorizer != "iam"
            for method in route.methods
        }
        resources = sorted(open_routes | ({f"{stage}/OPTIONS/*"} if settings.cors else set()))
    statements = [
        statement(
            "DenyWithoutTls",
            effect="Deny",
            principals="*",
            actions=["execute-api:Invoke"],
            resources=[every_path],
            conditions={"Bool": {"aws:SecureTransport": "false"}},
        )
    ]
    if resources:
        statements.append(statement("Callers", principals="*", actions=["execute-api:Invoke"], resources=resources))
    if settings.allowed_cidrs:
        statements.append(
            statement(
                "DenyElsewhere",
                effect="Deny",
                principals="*",
                actions=["execute-api:Invoke"],
                resources=[every_path],
                conditions={"NotIpAddress": {"aws:SourceIp": sorted(settings.allowed_cidrs)}},
            )
        )
    return document(*statements)
