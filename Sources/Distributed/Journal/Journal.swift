// Journal: the coordinator's durable state, one SQLite file in a run directory, and the lock that keeps a
// second coordinator out. Imports Scheduling, Wire, Files, Text, CPosix and SQLite. Leaves out what a record
// means and how it is exported (Reporting), and when to append: Scheduling decides, CoordinatorService acts.
