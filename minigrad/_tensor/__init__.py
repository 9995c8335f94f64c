"""Tensors: the recorded call, operations, writes in place, views, and PyTorch's manners."""
