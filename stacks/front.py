"""CloudFront, with everything that must be in its region."""

from __future__ import annotations

from typing import Any

from cdktf import TerraformOutput
from constructs import Construct

from modules.common.encryption import EncryptionKey
from modules.front import Front
from modules.monitoring import AlarmTopic, PlatformAlarms, front_row, publishers
from settings.front import REGION, FrontSettings, api_patterns
from stacks.base import BaseStack
from stacks.stage import StageStack


class FrontStack(BaseStack):
    """Only the dashboard depends on it. All its resources are in us-east-1, as CloudFront requires.

    Its alarms are here too, with their own topic: CloudFront's metrics are only in us-east-1, and an alarm publishes
    only in its own region. Keys are also regional.
    """

    def __init__(self, scope: Construct, *, settings: FrontSettings, stage: StageStack) -> None:
        environment, api = stage.environment, stage.api
        name = f"{environment.name}-front"
        super().__init__(scope, name, environment=environment, component="front", region=REGION)
        domain, thresholds = environment.api.domain, environment.monitoring
        host = f"{api.rest_api.id}.execute-api.{environment.region}.amazonaws.com"

        def key(purpose: str, content: str, **used_by: Any) -> str:
            return EncryptionKey(
                self,
                f"{purpose}-key",
                settings=environment.encryption,
                account=self.account,
                alias=self.names.name(purpose),
                description=f"{content} of {environment.name}",
                **{"via_services": [], **used_by},
            ).arn

        front = Front(
            self,
            "front",
            settings=settings,
            api_host=host if domain is None else domain.name,
            api_path=f"/{stage.published.stage_name}" if domain is None else None,
            api_patterns=api_patterns(environment.api),
            rate_limit=environment.api.firewall_limit,
            user_agent_required=environment.api.user_agent_required,
            place=self.place(key("logs", "Log groups", service_principals=["logs"])),
        )
        alarms_key = key("alarms", "Alarms", via_services=["sns"], service_principals=publishers(thresholds))
        topic = AlarmTopic(
            self, "topic", settings=thresholds, key_arn=alarms_key, names=self.names, account=self.account
        )
        row = front_row(thresholds, distribution=front.distribution_id, web_acl=front.web_acl_name, region=REGION)
        PlatformAlarms(self, "alarms", names=self.names, rows=[row], topic_arn=topic.arn)
        stage.drawn.append(row)
        TerraformOutput(self, "url", value=front.url, description="Where visitors call the platform")
        TerraformOutput(self, "static_bucket", value=front.bucket_name, description="Where static files go")
