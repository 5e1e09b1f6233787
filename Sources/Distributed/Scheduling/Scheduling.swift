// Scheduling: the decisions of coordinator and worker, as values. Events go in, and effects come out in the
// order in which they must be performed. Imports Wire, Records, Sweep and Collections. Leaves out
// clocks, sockets, files and randomness: CoordinatorService and WorkerService bring the time and perform the
// effects.
