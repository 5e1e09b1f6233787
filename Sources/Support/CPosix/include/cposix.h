// What Swift cannot import: variadic functions and macros of the C library.
#ifndef CPOSIX_H
#define CPOSIX_H

#include <dirent.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/wait.h>

/// Asks the kernel to send `signal` to this process when its parent dies. Returns 0, or -1 with errno.
static inline int cposix_die_with_parent(int signal) {
    return prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0);
}

/// From now on each of these signals becomes a byte, its number, in a pipe; returns the end to read, not
/// blocking, or -1 with errno. One pipe a process. A signal mask with signalfd would not do: the threads that a
/// library starts before `main` have masks of their own.
///
/// A signal that was ignored stays so.
int cposix_signal_pipe(const int *signals, int count);

/// From now on the signal only leaves a note.
void cposix_note_signal(int signal_number);

/// Whether that signal has come.
int cposix_was_signalled(void);

/// The `f_type` of the file system that a path is on (statfs); 0 where the system does not say.
long cposix_file_system_type(const char *path);

/// How many processors the scheduler may run this process on (sched_getaffinity), or are online where it does not say.
int cposix_allowed_processors(void);

/// What a TCP connection has received so far, in bytes; 0 where the descriptor is none, or the system does not say.
unsigned long long cposix_bytes_received(int descriptor);

/// The name of a folder's entry. It lives as long as the entry does; `d_name` is declared longer than it is.
static inline const char *cposix_entry_name(const struct dirent *entry) { return entry->d_name; }

/// Asks for a pipe that holds so many bytes. Returns what it holds now, or -1 with errno.
int cposix_set_pipe_size(int descriptor, int bytes);

/// From now on each of those signals ends this process with `code`, after writing `words` to standard error.
void cposix_exit_on_signal(int code, const char *words);

#endif
