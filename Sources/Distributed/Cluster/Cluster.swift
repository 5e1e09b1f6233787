// Cluster: cluster files, and the decisions about each host or job of one, as values.
// Imports Sweep (its YAML reader and its messages for faults in a text) and Text.
// Leaves out clocks, files, processes and ssh: Launch performs what is decided here.
