// CBuild: the commit that this program was built from.
#ifndef CBUILD_H
#define CBUILD_H

/// A short hash, followed by "+" and a digest of the sources if these had changes or were not under git;
/// "unknown" if the Makefile did not build it.
const char *cbuild_commit(void);

#endif
