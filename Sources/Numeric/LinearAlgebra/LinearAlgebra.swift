// LinearAlgebra: matrices in fixed memory, products through OpenBLAS, factorisations through LAPACK, fused
// elementwise kernels, and random numbers by counter.
// Imports Model (activations, windows over images), COpenBLAS, CKernels and Glibc. It is the only Swift target that
// holds unsafe pointers to floats and doubles.
// Leaves out networks and what any matrix means.
