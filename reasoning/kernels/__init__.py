"""The kernels of strategies: flat memories, indicators, features, levels and structure."""
