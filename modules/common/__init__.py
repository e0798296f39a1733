"""What several capabilities use: policies, keys, log groups, security groups, buckets."""
