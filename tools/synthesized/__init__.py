"""The one reader of `cdktf.out`: stacks, resources, references between stacks, paths, errors."""
