// What Swift cannot import: variadic functions and macros of the C library.
#ifndef CPOSIX_H
#define CPOSIX_H

#include <signal.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

/// Asks the kernel to send `signal` to this process when its parent dies. Returns 0, or -1 with errno.
static inline int cposix_die_with_parent(int signal) {
    return prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0);
}

#endif
