import Cluster

/// Workers as jobs of Slurm.
///
/// - Parameters:
///   - connect: tcp://ADDRESS:PORT of the coordinator.
///   - workerArguments: more of every worker's command line.
func slurmSource(
    _ settings: SlurmSettings, keys: ClusterKeys, bundle: WorkerBundle, files: [SweepFile], connect: String,
    kernel: String?, workerArguments: [String]
) throws(CommandFailure) -> any WorkerSource {
    throw .input("clusters with slurm cannot be launched yet")
}
