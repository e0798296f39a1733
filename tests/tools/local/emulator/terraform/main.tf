# Touches every addition to moto that has a Terraform resource. The resources that make the provider wait
# (cache, database, load balancer, queue) depend on as little as possible, so that they wait side by side.

terraform {
  required_version = ">= 1.11"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "5.100.0"
    }
  }
}

provider "aws" {
  allowed_account_ids = [var.account_id]
  default_tags {
    tags = { Project = "emulator-test" }
  }
}

variable "account_id" { type = string }
variable "rotation_package" { type = string }

locals {
  zones = ["ca-central-1a", "ca-central-1b"]
}

# ── network ─────────────────────────────────────────────────────────────────────────────────────────────────
resource "aws_vpc" "this" {
  cidr_block = "10.0.0.0/16"
}

resource "aws_subnet" "this" {
  count             = 2
  vpc_id            = aws_vpc.this.id
  cidr_block        = "10.0.${count.index}.0/24"
  availability_zone = local.zones[count.index]
}

resource "aws_security_group" "client" {
  name        = "client"
  description = "Clients"
  vpc_id      = aws_vpc.this.id
}

resource "aws_security_group" "server" {
  name        = "server"
  description = "Servers"
  vpc_id      = aws_vpc.this.id
}

resource "aws_ec2_managed_prefix_list" "this" {
  name           = "offices"
  address_family = "IPv4"
  max_entries    = 1
}

resource "aws_vpc_security_group_ingress_rule" "from_group" {
  security_group_id            = aws_security_group.server.id
  referenced_security_group_id = aws_security_group.client.id
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
  description                  = "PostgreSQL from the clients"
}

resource "aws_vpc_security_group_egress_rule" "to_group" {
  security_group_id            = aws_security_group.client.id
  referenced_security_group_id = aws_security_group.server.id
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
  description                  = "PostgreSQL of the servers"
}

resource "aws_vpc_security_group_ingress_rule" "from_prefix_list" {
  security_group_id = aws_security_group.server.id
  prefix_list_id    = aws_ec2_managed_prefix_list.this.id
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  description       = "HTTPS from the offices"
}

# ── keys ────────────────────────────────────────────────────────────────────────────────────────────────────
# The wait for a rotation period would hold up the slowest chain, the database's.
resource "aws_kms_key" "database" {
  deletion_window_in_days = 7
}

resource "aws_kms_key" "this" {
  enable_key_rotation     = true
  rotation_period_in_days = 180
  deletion_window_in_days = 7
}

# ── Redis: replicated and in cluster mode ───────────────────────────────────────────────────────────────────
resource "aws_elasticache_subnet_group" "this" {
  name       = "emulator-test"
  subnet_ids = aws_subnet.this[*].id
}

resource "aws_elasticache_parameter_group" "this" {
  name   = "emulator-test"
  family = "redis7"
  parameter {
    name  = "maxmemory-policy"
    value = "volatile-lru"
  }
}

resource "aws_elasticache_parameter_group" "clustered" {
  name   = "emulator-test-clustered"
  family = "redis7"
  parameter {
    name  = "cluster-enabled"
    value = "yes"
  }
}

resource "aws_elasticache_user" "default" {
  user_id       = "emulator-test-default"
  user_name     = "default"
  access_string = "off -@all"
  engine        = "redis"

  no_password_required = true
}

resource "aws_elasticache_user" "application" {
  user_id       = "application"
  user_name     = "application"
  access_string = "on ~* +@all"
  engine        = "redis"
  authentication_mode {
    type = "iam"
  }
}

resource "aws_elasticache_user_group" "this" {
  engine        = "redis"
  user_group_id = "emulator-test"
  user_ids      = [aws_elasticache_user.default.user_id, aws_elasticache_user.application.user_id]
}

resource "aws_cloudwatch_log_group" "redis" {
  name = "/redis/slow"
}

resource "aws_elasticache_replication_group" "replicated" {
  replication_group_id       = "replicated"
  description                = "One shard"
  engine                     = "redis"
  engine_version             = "7.1"
  node_type                  = "cache.t4g.micro"
  num_cache_clusters         = 2
  automatic_failover_enabled = true
  multi_az_enabled           = true
  at_rest_encryption_enabled = true
  transit_encryption_enabled = true
  transit_encryption_mode    = "required"
  kms_key_id                 = aws_kms_key.this.arn
  parameter_group_name       = aws_elasticache_parameter_group.this.name
  subnet_group_name          = aws_elasticache_subnet_group.this.name
  security_group_ids         = [aws_security_group.server.id]
  user_group_ids             = [aws_elasticache_user_group.this.user_group_id]
  snapshot_retention_limit   = 7
  snapshot_window            = "03:00-04:00"
  maintenance_window         = "sun:05:00-sun:06:00"
  apply_immediately          = true
  log_delivery_configuration {
    destination      = aws_cloudwatch_log_group.redis.name
    destination_type = "cloudwatch-logs"
    log_format       = "json"
    log_type         = "slow-log"
  }
}

resource "aws_elasticache_replication_group" "clustered" {
  replication_group_id       = "clustered"
  description                = "Two shards"
  engine                     = "redis"
  engine_version             = "7.1"
  node_type                  = "cache.t4g.micro"
  num_node_groups            = 2
  replicas_per_node_group    = 1
  automatic_failover_enabled = true
  transit_encryption_enabled = true
  parameter_group_name       = aws_elasticache_parameter_group.clustered.name
  subnet_group_name          = aws_elasticache_subnet_group.this.name
  security_group_ids         = [aws_security_group.server.id]
}

# ── EFS ─────────────────────────────────────────────────────────────────────────────────────────────────────
resource "aws_efs_file_system" "this" {
  encrypted  = true
  kms_key_id = aws_kms_key.this.arn
}

resource "aws_efs_backup_policy" "this" {
  file_system_id = aws_efs_file_system.this.id
  backup_policy {
    status = "ENABLED"
  }
}

resource "aws_efs_file_system_policy" "this" {
  file_system_id = aws_efs_file_system.this.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Deny"
      Principal = { AWS = "*" }
      Action    = "*"
      Resource  = aws_efs_file_system.this.arn
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })
}

# ── PostgreSQL ──────────────────────────────────────────────────────────────────────────────────────────────
resource "aws_db_subnet_group" "this" {
  name       = "emulator-test"
  subnet_ids = aws_subnet.this[*].id
}

resource "aws_rds_cluster_parameter_group" "this" {
  name   = "emulator-test-cluster"
  family = "aurora-postgresql16"
  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }
}

resource "aws_db_parameter_group" "this" {
  name   = "emulator-test"
  family = "aurora-postgresql16"
  parameter {
    name  = "log_min_duration_statement"
    value = "1000"
  }
}

resource "aws_rds_cluster" "this" {
  cluster_identifier              = "emulator-test"
  engine                          = "aurora-postgresql"
  engine_version                  = "16"
  database_name                   = "app"
  master_username                 = "steward"
  manage_master_user_password     = true
  master_user_secret_kms_key_id   = aws_kms_key.database.arn
  db_cluster_parameter_group_name = aws_rds_cluster_parameter_group.this.name
  db_subnet_group_name            = aws_db_subnet_group.this.name
  vpc_security_group_ids          = [aws_security_group.server.id]
  storage_encrypted               = true
  kms_key_id                      = aws_kms_key.database.arn
  skip_final_snapshot             = true
  serverlessv2_scaling_configuration {
    min_capacity = 0.5
    max_capacity = 2
  }
}

resource "aws_rds_cluster_instance" "this" {
  identifier                            = "emulator-test-1"
  cluster_identifier                    = aws_rds_cluster.this.id
  engine                                = aws_rds_cluster.this.engine
  engine_version                        = aws_rds_cluster.this.engine_version
  instance_class                        = "db.serverless"
  db_parameter_group_name               = aws_db_parameter_group.this.name
  performance_insights_enabled          = true
  performance_insights_kms_key_id       = aws_kms_key.database.arn
  performance_insights_retention_period = 7
}

resource "aws_secretsmanager_secret_rotation" "master" {
  secret_id          = aws_rds_cluster.this.master_user_secret[0].secret_arn
  rotate_immediately = false
  rotation_rules {
    automatically_after_days = 30
  }
}

# ── Lambda and the rotation of a secret ─────────────────────────────────────────────────────────────────────
resource "aws_iam_role" "this" {
  name = "emulator-test"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_cloudwatch_log_group" "rotation" {
  name = "/functions/rotation"
}

resource "aws_lambda_function" "rotation" {
  function_name    = "rotation"
  role             = aws_iam_role.this.arn
  runtime          = "python3.13"
  handler          = "handler.rotate"
  filename         = var.rotation_package
  source_code_hash = filebase64sha256(var.rotation_package)
  timeout          = 20
  logging_config {
    log_format = "JSON"
    log_group  = aws_cloudwatch_log_group.rotation.name
  }
}

resource "aws_lambda_permission" "rotation" {
  function_name = aws_lambda_function.rotation.function_name
  action        = "lambda:InvokeFunction"
  principal     = "secretsmanager.amazonaws.com"
}

resource "aws_secretsmanager_secret" "this" {
  name                    = "emulator-test"
  recovery_window_in_days = 0
}

resource "aws_secretsmanager_secret_version" "bootstrap" {
  secret_id      = aws_secretsmanager_secret.this.id
  secret_string  = jsonencode({ username = "application" })
  version_stages = ["AWSCURRENT", "BOOTSTRAP"]
  lifecycle {
    ignore_changes = [secret_string, version_stages]
  }
}

resource "aws_secretsmanager_secret_rotation" "this" {
  secret_id           = aws_secretsmanager_secret.this.id
  rotation_lambda_arn = aws_lambda_function.rotation.arn
  rotation_rules {
    automatically_after_days = 30
    duration                 = "2h"
  }
  depends_on = [aws_lambda_permission.rotation, aws_secretsmanager_secret_version.bootstrap]
}

# ── entry ───────────────────────────────────────────────────────────────────────────────────────────────────
resource "aws_lb" "this" {
  name               = "emulator-test"
  internal           = true
  load_balancer_type = "network"
  subnets            = aws_subnet.this[*].id
  security_groups    = [aws_security_group.server.id]
}

resource "aws_lb_target_group" "this" {
  name        = "emulator-test"
  port        = 8080
  protocol    = "TCP"
  target_type = "ip"
  vpc_id      = aws_vpc.this.id
}

resource "aws_lb_listener" "this" {
  load_balancer_arn = aws_lb.this.arn
  port              = 80
  protocol          = "TCP"
  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this.arn
  }
}

resource "aws_api_gateway_vpc_link" "this" {
  name        = "emulator-test"
  target_arns = [aws_lb.this.arn]
}

resource "aws_api_gateway_rest_api" "this" {
  name               = "emulator-test"
  binary_media_types = ["application/octet-stream"]
  endpoint_configuration {
    types = ["REGIONAL"]
  }
}

resource "aws_api_gateway_rest_api_policy" "this" {
  rest_api_id = aws_api_gateway_rest_api.this.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = "*" }
      Action    = "execute-api:Invoke"
      Resource  = "${aws_api_gateway_rest_api.this.execution_arn}/*"
    }]
  })
}

resource "aws_api_gateway_resource" "this" {
  rest_api_id = aws_api_gateway_rest_api.this.id
  parent_id   = aws_api_gateway_rest_api.this.root_resource_id
  path_part   = "readings"
}

resource "aws_api_gateway_method" "this" {
  rest_api_id        = aws_api_gateway_rest_api.this.id
  resource_id        = aws_api_gateway_resource.this.id
  http_method        = "GET"
  authorization      = "NONE"
  api_key_required   = true
  request_parameters = { "method.request.querystring.since" = false }
}

resource "aws_api_gateway_integration" "this" {
  rest_api_id             = aws_api_gateway_rest_api.this.id
  resource_id             = aws_api_gateway_resource.this.id
  http_method             = aws_api_gateway_method.this.http_method
  type                    = "HTTP_PROXY"
  integration_http_method = "GET"
  uri                     = "http://internal.example/readings"
  connection_type         = "VPC_LINK"
  connection_id           = aws_api_gateway_vpc_link.this.id
  timeout_milliseconds    = 10000
  request_parameters      = { "integration.request.querystring.since" = "method.request.querystring.since" }
}

resource "aws_api_gateway_deployment" "this" {
  rest_api_id = aws_api_gateway_rest_api.this.id
  depends_on  = [aws_api_gateway_integration.this]
}

resource "aws_api_gateway_stage" "this" {
  rest_api_id   = aws_api_gateway_rest_api.this.id
  deployment_id = aws_api_gateway_deployment.this.id
  stage_name    = "v1"
}

resource "aws_api_gateway_usage_plan" "this" {
  name = "emulator-test"
  api_stages {
    api_id = aws_api_gateway_rest_api.this.id
    stage  = aws_api_gateway_stage.this.stage_name
  }
  throttle_settings {
    rate_limit  = 200
    burst_limit = 100
  }
}

# ── ECS ─────────────────────────────────────────────────────────────────────────────────────────────────────
resource "aws_ecs_cluster" "this" {
  name = "emulator-test"
}

resource "aws_ecs_cluster_capacity_providers" "this" {
  cluster_name       = aws_ecs_cluster.this.name
  capacity_providers = ["FARGATE", "FARGATE_SPOT"]
}

resource "aws_ecs_task_definition" "this" {
  family                   = "emulator-test"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = 256
  memory                   = 512
  container_definitions = jsonencode([{
    name         = "app"
    image        = "example/app@sha256:${sha256("app")}"
    essential    = true
    portMappings = [{ containerPort = 8080 }]
  }])
}

resource "aws_ecs_service" "this" {
  name                               = "emulator-test"
  cluster                            = aws_ecs_cluster.this.id
  task_definition                    = aws_ecs_task_definition.this.arn
  desired_count                      = 2
  launch_type                        = "FARGATE"
  availability_zone_rebalancing      = "ENABLED"
  enable_ecs_managed_tags            = true
  health_check_grace_period_seconds  = 60
  deployment_minimum_healthy_percent = 100
  deployment_maximum_percent         = 200
  propagate_tags                     = "SERVICE"
  wait_for_steady_state              = true
  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }
  network_configuration {
    subnets         = aws_subnet.this[*].id
    security_groups = [aws_security_group.server.id]
  }
  load_balancer {
    target_group_arn = aws_lb_target_group.this.arn
    container_name   = "app"
    container_port   = 8080
  }
}

resource "aws_ecs_service" "spot" {
  name            = "emulator-test-spot"
  cluster         = aws_ecs_cluster.this.id
  task_definition = aws_ecs_task_definition.this.arn
  desired_count   = 1
  capacity_provider_strategy {
    capacity_provider = "FARGATE_SPOT"
    weight            = 1
  }
  network_configuration {
    subnets         = aws_subnet.this[*].id
    security_groups = [aws_security_group.server.id]
  }
  depends_on = [aws_ecs_cluster_capacity_providers.this]
}

resource "aws_appautoscaling_target" "this" {
  service_namespace  = "ecs"
  resource_id        = "service/${aws_ecs_cluster.this.name}/${aws_ecs_service.this.name}"
  scalable_dimension = "ecs:service:DesiredCount"
  min_capacity       = 2
  max_capacity       = 4
  tags               = { Name = "emulator-test" }
}

# ── monitoring ──────────────────────────────────────────────────────────────────────────────────────────────
resource "aws_cloudwatch_metric_alarm" "this" {
  alarm_name          = "emulator-test"
  namespace           = "AWS/NetworkELB"
  metric_name         = "UnHealthyHostCount"
  statistic           = "Maximum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  period              = 60
  evaluation_periods  = 2
}

resource "aws_cloudwatch_composite_alarm" "this" {
  alarm_name        = "emulator-test-composite"
  alarm_description = "Something is wrong"
  alarm_rule        = "ALARM(${aws_cloudwatch_metric_alarm.this.alarm_name})"
}

resource "aws_sns_topic" "alarms" {
  name              = "emulator-test-alarms"
  signature_version = 2
}

resource "aws_sns_topic_subscription" "email" {
  topic_arn = aws_sns_topic.alarms.arn
  protocol  = "email"
  endpoint  = "alarms@example.com"
}

resource "aws_sns_topic_subscription" "https" {
  topic_arn = aws_sns_topic.alarms.arn
  protocol  = "https"
  endpoint  = "https://alarms.example.com/aws"
}

resource "aws_budgets_budget" "this" {
  name         = "emulator-test"
  budget_type  = "COST"
  limit_amount = "100.0"
  limit_unit   = "USD"
  time_unit    = "MONTHLY"
  cost_filter {
    name   = "TagKeyValue"
    values = ["user:Environment$emulator-test"]
  }
  notification {
    comparison_operator       = "GREATER_THAN"
    notification_type         = "FORECASTED"
    threshold                 = 100
    threshold_type            = "PERCENTAGE"
    subscriber_sns_topic_arns = [aws_sns_topic.alarms.arn]
  }
  notification {
    comparison_operator        = "GREATER_THAN"
    notification_type          = "ACTUAL"
    threshold                  = 80
    threshold_type             = "PERCENTAGE"
    subscriber_email_addresses = ["budget@example.com"]
  }
}

output "load_balancer_arn" { value = aws_lb.this.arn }
output "secret_arn" { value = aws_secretsmanager_secret.this.arn }
output "master_secret_arn" { value = aws_rds_cluster.this.master_user_secret[0].secret_arn }
output "clustered_endpoint" { value = aws_elasticache_replication_group.clustered.configuration_endpoint_address }
output "replicated_members" { value = aws_elasticache_replication_group.replicated.member_clusters }
