"""Networks that learn by gradients: autograd (the oracle, and GPUs), generated programs, a fused kernel, online."""
