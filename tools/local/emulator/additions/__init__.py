"""What moto lacks, one module per AWS service. Importing this package declares all additions;
`registry.apply()` makes them.
"""

from tools.local.emulator.additions import (
    apigateway,
    apigateway_deployments,
    applicationautoscaling,
    awslambda,
    budgets,
    cloudwatch,
    ec2,
    ecs,
    efs,
    elasticache_groups,
    elasticache_replication,
    elbv2,
    in_use,
    kms,
    rds,
    resourcegroupstaggingapi,
    s3,
    secretsmanager,
    sns,
    sqs,
)

__all__ = [
    "apigateway",
    "apigateway_deployments",
    "applicationautoscaling",
    "awslambda",
    "budgets",
    "cloudwatch",
    "ec2",
    "ecs",
    "efs",
    "elasticache_groups",
    "elasticache_replication",
    "elbv2",
    "in_use",
    "kms",
    "rds",
    "resourcegroupstaggingapi",
    "s3",
    "secretsmanager",
    "sns",
    "sqs",
]
