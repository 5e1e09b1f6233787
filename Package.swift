// swift-tools-version: 6.2
import PackageDescription

// What each target may import is the architecture (docs/architecture.md): the coordinator
// links no BLAS and the worker no SQLite.
let package = Package(
    name: "ranksweep",
    products: [
        .executable(name: "ranksweep", targets: ["ranksweep"]),
        .executable(name: "ranksweep-worker", targets: ["ranksweep-worker"]),
        .executable(name: "ranksweep-bench", targets: ["ranksweep-bench"]),
        .executable(name: "ranksweep-simulate", targets: ["ranksweep-simulate"]),
    ],
    targets: [
        // System libraries, from Debian.
        .systemLibrary(name: "COpenBLAS"),
        .systemLibrary(name: "CSQLite"),
        .systemLibrary(name: "CSodium"),
        .systemLibrary(name: "CYAML"),
        .systemLibrary(name: "CZeroMQ"),
        .systemLibrary(name: "CZlib"),

        // C of our own: the hot elementwise loops, and what Swift cannot import.
        .target(name: "CKernels"),
        .target(name: "CPosix"),
        .target(name: "CBuild"),
        .target(name: "CBenchmark"),

        // Shared.
        .target(name: "Files", dependencies: ["CPosix"]),
        .target(name: "Text", dependencies: ["CSodium", "CBuild"]),
        .target(name: "Console", dependencies: ["Files", "Text", "CPosix"]),
        .target(name: "Sweep", dependencies: ["Text", "CYAML"]),
        .target(name: "Fitting"),

        // The numeric half.
        .target(name: "LinearAlgebra", dependencies: ["COpenBLAS", "CKernels"]),
        .target(name: "Learning", dependencies: ["LinearAlgebra"]),
        .target(name: "Measures", dependencies: ["Fitting", "Learning", "LinearAlgebra"]),
        .target(
            name: "Experiments",
            dependencies: [
                "Measures", "Fitting", "Learning", "LinearAlgebra", "Sweep", "Files", "Text", "CZlib",
                "CPosix",
            ]),

        // The distributed half.
        .target(name: "Wire", dependencies: ["Sweep", "Text"]),
        .target(name: "Scheduling", dependencies: ["Wire", "Sweep"]),
        .target(name: "Cluster", dependencies: ["Sweep", "Text"]),
        .target(
            name: "Journal",
            dependencies: ["Scheduling", "Wire", "Sweep", "Files", "Text", "CSQLite", "CPosix"]),
        .target(name: "Transport", dependencies: ["Wire", "Files", "Text", "CZeroMQ", "CPosix"]),
        .target(name: "Reporting", dependencies: ["Sweep", "Fitting", "Files", "Text"]),

        // The two services and their commands.
        .target(
            name: "CoordinatorService",
            dependencies: [
                "Journal", "Transport", "Scheduling", "Wire", "Reporting", "Sweep", "Files", "Text",
                "Cluster", "Console", "CZlib", "CPosix",
            ]),
        .target(
            name: "WorkerService",
            dependencies: [
                "Experiments", "LinearAlgebra", "Transport", "Scheduling", "Wire", "Sweep", "Files", "Text",
                "Console", "CPosix",
            ]),
        .executableTarget(name: "ranksweep", dependencies: ["CoordinatorService"]),
        .executableTarget(name: "ranksweep-worker", dependencies: ["WorkerService"]),
        .target(
            name: "SimulatedCluster",
            dependencies: ["Scheduling", "Wire", "Sweep", "Reporting", "Text", "Console"]),
        .executableTarget(name: "ranksweep-simulate", dependencies: ["SimulatedCluster"]),
        .executableTarget(
            name: "ranksweep-bench",
            dependencies: [
                "Experiments", "Measures", "Learning", "LinearAlgebra", "Sweep", "Console", "Text",
                "Transport",
                "WorkerService", "CBenchmark",
            ]),

        .target(name: "TestSupport", path: "Tests/TestSupport"),
        .target(name: "CFaultyDisk", dependencies: ["CSQLite"], path: "Tests/CFaultyDisk"),
        .testTarget(name: "FilesTests", dependencies: ["Files"]),
        .testTarget(name: "TextTests", dependencies: ["Text"]),
        .testTarget(name: "ConsoleTests", dependencies: ["Console"]),
        .testTarget(name: "SweepTests", dependencies: ["Sweep", "Text", "TestSupport"]),
        .testTarget(name: "LinearAlgebraTests", dependencies: ["LinearAlgebra", "CKernels", "TestSupport"]),
        .testTarget(name: "LearningTests", dependencies: ["Learning", "LinearAlgebra", "TestSupport"]),
        .testTarget(
            name: "MeasuresTests",
            dependencies: ["Measures", "Fitting", "Learning", "LinearAlgebra", "COpenBLAS"]),
        .testTarget(
            name: "ExperimentsTests",
            dependencies: [
                "Experiments", "Measures", "Fitting", "Learning", "LinearAlgebra", "Sweep", "Text",
            ]),
        .testTarget(name: "WireTests", dependencies: ["Wire", "Sweep", "TestSupport"]),
        .testTarget(name: "SchedulingTests", dependencies: ["Scheduling", "Wire", "Sweep", "TestSupport"]),
        .testTarget(name: "ClusterTests", dependencies: ["Cluster", "Sweep", "TestSupport"]),
        .testTarget(
            name: "SimulatedClusterTests", dependencies: ["SimulatedCluster", "Console"]),
        .testTarget(
            name: "JournalTests",
            dependencies: ["Journal", "Scheduling", "Wire", "Sweep", "Files", "CFaultyDisk"]),
        .testTarget(name: "ReportingTests", dependencies: ["Reporting", "Sweep", "Text"]),
        .testTarget(name: "ProjectTests"),
        .testTarget(
            name: "FuzzTests",
            dependencies: [
                "CoordinatorService", "Experiments", "Reporting", "Scheduling", "Sweep", "Text", "Transport",
                "Wire",
                "CZlib", "TestSupport",
            ]),
        .testTarget(name: "TransportTests", dependencies: ["Transport", "Wire"]),
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "CoordinatorService", "Journal", "Transport", "Scheduling", "Wire", "Sweep", "Files", "Text",
                "Console",
                "CZlib", "ranksweep", "ranksweep-worker", "ranksweep-bench", "TestSupport",
            ]),
    ],
    swiftLanguageModes: [.v6]
)
