"""Programs for people who build and run the platform. Nothing here ships to AWS; they read settings and `cdktf.out`."""
