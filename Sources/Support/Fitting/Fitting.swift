// Fitting: least-squares lines and power laws. Measures fit them to the trace of a training, figures to
// means.
// Imports Glibc for the logarithm. Leaves out weights of points and every other law.
// It is a target of its own because both halves need it: the coordinator links no BLAS, so it cannot
// import Measures.
