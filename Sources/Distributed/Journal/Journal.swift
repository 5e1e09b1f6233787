// Journal: the coordinator's durable state, one SQLite file in a run directory, and the lock that keeps a
// second coordinator out. Imports Scheduling, Wire, Records (provenance), Files, Text, CPosix, SQLite and
// Glibc. Leaves out what a record means, how it is exported, and when to append: Scheduling decides,
// CoordinatorService acts.
