// Sweep: reads and checks sweep files: settings, axes, the lazy grid of trials, trial identifiers, figures,
// cost estimates, the descriptions of data sets, and the declarations of measures with their metrics.
// Imports Model, Text, Collections and libyaml (CYAML).
// Leaves out reading files from disk, training, computing measures, leases and drawing. It turns text into
// values; a mistake in the text is a SweepError with its location, found before any work.
