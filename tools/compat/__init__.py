"""`make compat`: what the program synthesizes under the libraries that come after CDKTF and after AWS provider 5."""
