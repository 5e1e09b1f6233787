// Which commit this program was built from.
#ifndef CBUILD_H
#define CBUILD_H

/// A short hash, followed by "+" and a digest of the sources where these had changes or have no git; "unknown" where
/// the Makefile did not build it.
const char *cbuild_commit(void);

#endif
