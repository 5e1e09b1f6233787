// ranksweep-bench
