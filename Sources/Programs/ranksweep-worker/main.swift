// ranksweep-worker: the entry point of the worker. Imports WorkerService, which does all the work.
import WorkerService

runWorkerCommand(Array(CommandLine.arguments.dropFirst()))
