// ranksweep: the entry point of the coordinator's commands. Imports CoordinatorService, which does
// all the work.
import CoordinatorService

runCoordinatorCommand(Array(CommandLine.arguments.dropFirst()))
