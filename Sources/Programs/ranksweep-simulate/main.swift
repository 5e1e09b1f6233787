// ranksweep-simulate: see SimulatedCluster.
import SimulatedCluster

runSimulateCommand(Array(CommandLine.arguments.dropFirst()))
