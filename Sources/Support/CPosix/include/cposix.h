// CPosix: what Swift cannot import, that is, variadic functions and macros of the C library.
#ifndef CPOSIX_H
#define CPOSIX_H

#include <dirent.h>
#include <malloc.h>
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

/// Turns each of these signals into a byte, its number, in a pipe. Returns the non-blocking read end, or -1
/// with errno. Call it once per process. A signal mask with signalfd would not do: the threads that a library
/// starts before `main` have masks of their own.
///
/// A signal that was ignored stays ignored.
int cposix_signal_pipe(const int *signals, int count);

/// Makes the signal set a flag and do nothing else.
void cposix_note_signal(int signal_number);

/// Whether that signal has arrived.
int cposix_was_signalled(void);

/// The `f_type` of the file system that holds a path (statfs), or 0 if the system does not say.
long cposix_file_system_type(const char *path);

/// Number of processors that the scheduler may run this process on (sched_getaffinity), or the number online
/// if it does not say.
int cposix_allowed_processors(void);

/// Returns memory to the system as soon as it is freed, in this process from now on. By itself malloc keeps up to 64 MB at
/// the end of the heap, and takes ever larger blocks from the heap once one like them was freed.
static inline void cposix_keep_no_freed_memory(void) { mallopt(M_TRIM_THRESHOLD, 128 << 10); }

/// Bytes that a TCP connection has received so far, or 0 if the descriptor isn't one or the system
/// does not say.
unsigned long long cposix_bytes_received(int descriptor);

/// The name of a directory entry, valid as long as the entry. `d_name` is declared longer than it is.
static inline const char *cposix_entry_name(const struct dirent *entry) { return entry->d_name; }

/// Whether the CPU, and the system, have AVX2 and FMA; 0 on CPUs of other architectures.
static inline int cposix_has_avx2(void) {
#if defined(__x86_64__)
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#else
    return 0;
#endif
}

/// Whether the CPU, and the system, have the parts of AVX-512 that a Skylake-X has; 0 on CPUs of other architectures.
static inline int cposix_has_avx512(void) {
#if defined(__x86_64__)
    return cposix_has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512cd")
        && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
#else
    return 0;
#endif
}

/// Asks for a pipe that holds `bytes` bytes. Returns what it holds now, or -1 with errno.
int cposix_set_pipe_size(int descriptor, int bytes);

/// Makes each signal of the pipe end this process with `code`, after writing `words` to standard error.
void cposix_exit_on_signal(int code, const char *words);

#endif
