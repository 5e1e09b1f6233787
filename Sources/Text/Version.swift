/// The program's version. Records name none: they depend on the trial alone.
public let programVersion = "0.1.0"
