"""Benchmarks: every figure beside the floor it is to be judged by. Run `python tests/benchmarks/run.py`."""
