// Text: JSON values and their canonical bytes, digests, spelling suggestions, words of other programs, the
// names of OpenBLAS's kernels, and the program's version.
// Imports libsodium (SHA-256), CBuild (the commit) and Glibc (rounding needs libm linked); no other target.
// Leaves out files, terminals, and what any value means.
