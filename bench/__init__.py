"""The speed of `training.train`, beside other ways to do the same."""
