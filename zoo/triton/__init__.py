"""Model repositories for NVIDIA's Triton Inference Server, and for KServe, which runs it."""
