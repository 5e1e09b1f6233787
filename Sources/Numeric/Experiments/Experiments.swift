// Experiments: runs trials, from settings and a data directory to a record body, and measures networks from
// files. Reads the data sets and weights that both need.
// Imports the numeric half (Measures, Fitting, Learning, LinearAlgebra, Model), Sweep, Files, Text, Glibc, CZlib
// and CPosix. `TrialRunner.run` is where the distributed half calls the numeric one.
// Leaves out where and when a trial runs, and what becomes of its record.
