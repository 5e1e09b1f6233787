// ranksweep
