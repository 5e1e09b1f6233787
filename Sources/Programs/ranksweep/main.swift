// ranksweep: see CoordinatorService.
import CoordinatorService

runCoordinatorCommand(Array(CommandLine.arguments.dropFirst()))
