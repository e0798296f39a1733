"""The internal load balancer, and the target group of the service."""

from __future__ import annotations

from cdktf_cdktf_provider_aws.lb import Lb, LbAccessLogs
from cdktf_cdktf_provider_aws.lb_listener import LbListener, LbListenerDefaultAction
from cdktf_cdktf_provider_aws.lb_target_group import LbTargetGroup, LbTargetGroupHealthCheck
from constructs import Construct

from modules.common.accept import accept
from modules.common.place import Place
from modules.common.security_groups import closed_security_group
from modules.entry.log_bucket import LoadBalancerLogBucket
from settings.service import ServiceSettings

# TLS 1.2 and 1.3 with forward secrecy only (PCI DSS 4.2.1).
_TLS_POLICY = "ELBSecurityPolicy-TLS13-1-2-2021-06"


class Entry(Construct):
    """An internal Network Load Balancer in the private subnets; the API has a VPC link to it.

    It listens with TLS 1.2 or newer on 443 if the settings name a certificate, otherwise with TCP on 80: `port`. With
    TLS, API Gateway checks the certificate against `host_name`, the host of `base_url`, but does not resolve it.

    The service registers its tasks in `target_group_arn`, and adds the rules from `security_group_id` to its own port.
    The group has no inbound rules, and they are not enforced for the VPC link, whose addresses belong to AWS. A task is
    deregistered after 30 seconds (AWS's default: 300), which is enough for requests of at most 29 seconds.

    Cross-zone load balancing is on: if a zone has no healthy task, its requests go to another zone.

    AWS writes the access log for TLS listeners only: without a certificate the bucket stays empty, and the API's access
    log and the VPC's flow log are the record.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        settings: ServiceSettings,
        host_name: str | None,
        place: Place,
        vpc_id: str,
        subnet_ids: list[str],
    ) -> None:
        super().__init__(scope, id_)
        name = place.names.name("entry")
        group = closed_security_group(
            self,
            "security-group",
            name=name,
            description="Load balancer; the service adds its own rule",
            vpc_id=vpc_id,
        )
        logs = LoadBalancerLogBucket(
            self,
            "logs",
            name=f"{place.names.name('entry-logs')}-{place.account.id}",
            account=place.account,
            retention_days=place.log_retention_days,
            protected=place.protected,
        )
        balancer = Lb(
            self,
            "load-balancer",
            name=name,
            load_balancer_type="network",
            internal=True,
            subnets=subnet_ids,
            security_groups=[group.id],
            enforce_security_group_inbound_rules_on_private_link_traffic="off",
            enable_cross_zone_load_balancing=True,
            enable_deletion_protection=place.protected,
            access_logs=LbAccessLogs(bucket=logs.name, enabled=True),
            depends_on=[logs.policy],
        )
        if not place.protected:
            accept(
                balancer,
                {"enable_deletion_protection": False},
                CKV_AWS_150="other tiers are meant to be quick to destroy; production is protected",
            )
        targets = LbTargetGroup(
            self,
            "target-group",
            name=name,
            target_type="ip",
            protocol="TCP",
            # Every task is registered with its own port. Changing this one would replace the group, which is in use.
            port=80,
            vpc_id=vpc_id,
            deregistration_delay="30",
            health_check=LbTargetGroupHealthCheck(
                protocol="HTTP",
                path=settings.health_check_path,
                port="traffic-port",
                matcher="200-299",
                interval=10,
                timeout=5,
                healthy_threshold=2,
                unhealthy_threshold=3,
            ),
        )
        with_tls = settings.certificate_arn is not None
        self.port = 443 if with_tls else 80
        LbListener(
            self,
            "listener",
            load_balancer_arn=balancer.arn,
            port=self.port,
            protocol="TLS" if with_tls else "TCP",
            certificate_arn=settings.certificate_arn,
            ssl_policy=_TLS_POLICY if with_tls else None,
            default_action=[LbListenerDefaultAction(type="forward", target_group_arn=targets.arn)],
        )
        if not with_tls:
            inside = "traffic stays in the VPC and comes only from the VPC link; production requires a certificate"
            accept(balancer, {"internal": True, "load_balancer_type": "network"}, CKV2_AWS_20=inside)
        host = host_name if with_tls and host_name is not None else balancer.dns_name
        self.base_url = f"{'https' if with_tls else 'http'}://{host}:{self.port}"
        self.target_group_arn = targets.arn
        self.target_group_arn_suffix = targets.arn_suffix
        self.load_balancer_arn = balancer.arn
        self.load_balancer_arn_suffix = balancer.arn_suffix
        self.security_group_id = group.id
