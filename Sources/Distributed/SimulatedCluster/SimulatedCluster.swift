// SimulatedCluster: a coordinator, its workers and their network in one process, on a simulated clock. The
// dispatcher, the worker's session, the messages' bytes and the record's line are the real ones; sockets,
// slots, the disk and all faults are simulated. Imports Scheduling, Wire, Records, Sweep, Collections and
// Text; its command also Console and Glibc. Leaves out real time (but for timing itself), files and threads:
// a seed gives one course of events, whenever and wherever it runs.
