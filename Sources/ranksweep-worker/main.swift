// ranksweep-worker
