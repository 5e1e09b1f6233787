// WorkerService
