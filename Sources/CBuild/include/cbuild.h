// Which commit this program was built from.
#ifndef CBUILD_H
#define CBUILD_H

/// A short hash, with "+" where the tree had changes; "unknown" where the Makefile did not build it.
const char *cbuild_commit(void);

#endif
