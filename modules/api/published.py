"""The publication of a REST API: its deployment and stage, and everything that is bound to the stage."""

from __future__ import annotations

from cdktf_cdktf_provider_aws.api_gateway_base_path_mapping import ApiGatewayBasePathMapping
from cdktf_cdktf_provider_aws.wafv2_web_acl_association import Wafv2WebAclAssociation
from constructs import Construct

from modules.api.plan import Plans
from modules.api.redeployment import deployment
from modules.api.rest_api import Api
from modules.api.stage import Stage
from settings.api import ApiSettings
from settings.naming import Naming


class PublishedApi(Construct):
    """The deployment of `api`, its stage, the association of the firewall, usage plans and the domain mapping: `url`.

    With `canary_percent`, that percentage of the requests uses a second deployment; the first one is unchanged.
    Deleting the setting deploys the definition for all requests; reverting the definition removes the change for all.

    It must be in a later stack than `api`: see `modules.api.redeployment.deployment`.
    """

    def __init__(self, scope: Construct, id_: str, *, settings: ApiSettings, api: Api, names: Naming) -> None:
        super().__init__(scope, id_)
        percent = settings.canary_percent
        made = deployment(self, "deployment", rest_api_id=api.id, triggers=api.triggers, kept=percent is not None)
        canary = None
        if percent is not None:
            canary = (deployment(self, "canary", rest_api_id=api.id, triggers=api.triggers).id, percent)
        stage = Stage(
            self,
            "stage",
            rest_api_id=api.id,
            deployment_id=made.id,
            canary=canary,
            stage_name=settings.stage_name,
            access_log_arn=api.access_log_arn,
            throttle=settings.stage_throttle,
        )
        # Another stack had these resources before. The ids of the constructs are the same, so the addresses are too.
        Wafv2WebAclAssociation(
            Construct(self, "firewall"), "association", web_acl_arn=api.web_acl_arn, resource_arn=stage.arn
        )
        Plans(
            self,
            "plan",
            settings=settings.plans,
            key_ids=api.key_ids,
            rest_api_id=api.id,
            stage_name=stage.name,
            names=names,
        )
        self.stage_name = stage.name
        self.url = stage.invoke_url
        if api.domain_name is not None and settings.domain is not None:
            ApiGatewayBasePathMapping(
                Construct(self, "domain"),
                "mapping",
                api_id=api.id,
                stage_name=stage.name,
                domain_name=api.domain_name,
            )
            self.url = f"https://{settings.domain.name}"
