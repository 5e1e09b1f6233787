// Learning: networks and how they learn: forward and backward passes, objectives, the variational information
// bottleneck, the training step, Jacobians, and a trial's random streams.
// Imports LinearAlgebra, Model (shapes, plans, losses, optimiser settings) and Glibc (logarithms).
// Leaves out data sets, sweeps, and what is measured of a network.
