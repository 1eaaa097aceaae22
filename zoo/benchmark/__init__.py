"""Load time, latency and throughput of an artifact, alone or beside its PyTorch original."""
