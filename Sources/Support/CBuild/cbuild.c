#include "cbuild.h"

// The Makefile writes commit.inc, which holds one string.
const char *cbuild_commit(void) {
#if __has_include("commit.inc")
    return
#include "commit.inc"
        ;
#else
    return "unknown";
#endif
}
