// ranksweep-worker: see WorkerService.
import WorkerService

runWorkerCommand(Array(CommandLine.arguments.dropFirst()))
