// Wire: the messages between coordinator, worker and slot, and their bytes.
// Imports Records, Sweep and Text. Leaves out sockets (Transport) and what to do about a message (Scheduling).
