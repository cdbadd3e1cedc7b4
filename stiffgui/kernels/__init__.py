"""What compiled loops rest on: how they are compiled and kept, products by BLAS, threads.

The loops themselves are in the folders `kernels` of resnet, stiffness and training. Import them
inside functions: they import numba and scipy (ADR 2).
"""
