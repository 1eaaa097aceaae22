"""What `tools/benchmarks/train.py` measures: one process for each system, so that their thread pools do not meet."""
