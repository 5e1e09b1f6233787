// Measures: quantities computed from a network, and what theory says about them.
// Imports Learning (networks), Model, LinearAlgebra, Fitting (lines along a training) and Glibc (logarithms).
// Leaves out training, data sets, and how results are written.
