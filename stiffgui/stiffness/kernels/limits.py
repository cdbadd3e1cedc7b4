"""What is trusted of a dominant eigenvalue, by compiled loops and by torch alike."""

RESIDUAL = 1e-4  # of either eigenvector, relative to |l_1|
ERROR = 3e-5  # of the value, estimated
