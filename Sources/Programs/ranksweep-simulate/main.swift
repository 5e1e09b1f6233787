// ranksweep-simulate: the entry point of the cluster simulation. Imports SimulatedCluster, which does
// all the work.
import SimulatedCluster

runSimulateCommand(Array(CommandLine.arguments.dropFirst()))
