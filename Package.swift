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
        .systemLibrary(name: "COpenBLAS", path: "Sources/System/COpenBLAS"),
        .systemLibrary(name: "CSQLite", path: "Sources/System/CSQLite"),
        .systemLibrary(name: "CSodium", path: "Sources/System/CSodium"),
        .systemLibrary(name: "CYAML", path: "Sources/System/CYAML"),
        .systemLibrary(name: "CZeroMQ", path: "Sources/System/CZeroMQ"),
        .systemLibrary(name: "CZlib", path: "Sources/System/CZlib"),

        // C of our own: the hot elementwise loops, and what Swift cannot import.
        .target(name: "CKernels", path: "Sources/Numeric/CKernels"),
        .target(name: "CPosix", path: "Sources/Support/CPosix"),
        .target(name: "CBuild", path: "Sources/Support/CBuild"),
        .target(name: "CBenchmark", path: "Sources/Programs/CBenchmark"),

        // Shared.
        .target(name: "Collections", path: "Sources/Support/Collections"),
        .target(name: "Files", dependencies: ["Text", "CPosix"], path: "Sources/Support/Files"),
        .target(name: "Text", dependencies: ["CSodium", "CBuild"], path: "Sources/Support/Text"),
        .target(name: "Console", dependencies: ["Files", "Text", "CPosix"], path: "Sources/Support/Console"),
        .target(name: "Model", dependencies: ["Text"], path: "Sources/Experiment/Model"),
        .target(name: "ONNX", dependencies: ["Model", "Files", "Text"], path: "Sources/Experiment/ONNX"),
        .target(
            name: "Sweep", dependencies: ["Model", "Collections", "Text", "CYAML"],
            path: "Sources/Experiment/Sweep"),
        .target(
            name: "Records", dependencies: ["Model", "Sweep", "Files", "Text"],
            path: "Sources/Experiment/Records"),
        .target(name: "Fitting", path: "Sources/Support/Fitting"),

        // The numeric half.
        .target(
            name: "LinearAlgebra", dependencies: ["Model", "COpenBLAS", "CKernels"],
            path: "Sources/Numeric/LinearAlgebra"),
        .target(
            name: "Learning", dependencies: ["LinearAlgebra", "Model"], path: "Sources/Numeric/Learning"),
        .target(
            name: "Measures", dependencies: ["Fitting", "Learning", "LinearAlgebra", "Model"],
            path: "Sources/Numeric/Measures"),
        .target(
            name: "Experiments",
            dependencies: [
                "Measures", "Fitting", "Learning", "LinearAlgebra", "Model", "ONNX", "Sweep", "Files", "Text",
                "CZlib",
                "CPosix",
            ], path: "Sources/Numeric/Experiments"),

        // The distributed half.
        .target(name: "Wire", dependencies: ["Records", "Sweep", "Text"], path: "Sources/Distributed/Wire"),
        .target(
            name: "Scheduling", dependencies: ["Wire", "Records", "Sweep", "Collections"],
            path: "Sources/Distributed/Scheduling"),
        .target(name: "Cluster", dependencies: ["Sweep", "Text"], path: "Sources/Distributed/Cluster"),
        .target(
            name: "Journal",
            dependencies: ["Scheduling", "Wire", "Records", "Files", "Text", "CSQLite", "CPosix"],
            path: "Sources/Distributed/Journal"),
        .target(
            name: "Transport", dependencies: ["Wire", "Files", "Text", "CZeroMQ", "CPosix"],
            path: "Sources/Distributed/Transport"),
        .target(
            name: "Launch",
            dependencies: ["Cluster", "Transport", "Console", "Files", "Text", "CZlib", "CPosix"],
            path: "Sources/Distributed/Launch"),
        .target(name: "Reporting", dependencies: ["Records", "Sweep", "Fitting", "Files", "Text"]),

        // The two services and their commands.
        .target(
            name: "CoordinatorService",
            dependencies: [
                "Journal", "Transport", "Scheduling", "Wire", "Reporting", "Records", "Model", "ONNX",
                "Sweep",
                "Files", "Text", "Cluster", "Launch", "Console", "CPosix",
            ], path: "Sources/Programs/CoordinatorService"),
        .target(
            name: "WorkerService",
            dependencies: [
                "Experiments", "LinearAlgebra", "Transport", "Scheduling", "Wire", "Records", "Sweep",
                "Files",
                "Text", "Console", "CPosix",
            ], path: "Sources/Programs/WorkerService"),
        .executableTarget(
            name: "ranksweep", dependencies: ["CoordinatorService"], path: "Sources/Programs/ranksweep"),
        .executableTarget(
            name: "ranksweep-worker", dependencies: ["WorkerService"],
            path: "Sources/Programs/ranksweep-worker"),
        .target(
            name: "SimulatedCluster",
            dependencies: ["Scheduling", "Wire", "Records", "Sweep", "Collections", "Text", "Console"],
            path: "Sources/Distributed/SimulatedCluster"),
        .executableTarget(
            name: "ranksweep-simulate", dependencies: ["SimulatedCluster"],
            path: "Sources/Programs/ranksweep-simulate"),
        .executableTarget(
            name: "ranksweep-bench",
            dependencies: [
                "Experiments", "Measures", "Fitting", "Learning", "LinearAlgebra", "Model", "Records",
                "Sweep",
                "Console", "Files", "Text", "Transport", "WorkerService", "CBenchmark",
            ], path: "Sources/Programs/ranksweep-bench"),

        .target(name: "TestSupport", dependencies: ["Model", "Sweep", "Text"], path: "Tests/TestSupport"),
        .target(name: "CFaultyDisk", dependencies: ["CSQLite"], path: "Tests/CFaultyDisk"),
        .executableTarget(
            name: "peak-memory", dependencies: ["Transport", "Console"], path: "Tests/PeakMemory"),
        .testTarget(name: "CollectionsTests", dependencies: ["Collections", "TestSupport"]),
        .testTarget(name: "FilesTests", dependencies: ["Files"]),
        .testTarget(name: "TextTests", dependencies: ["Text"]),
        .testTarget(name: "ConsoleTests", dependencies: ["Console", "Text"]),
        .testTarget(name: "ModelTests", dependencies: ["Model"]),
        .testTarget(
            name: "ONNXTests",
            dependencies: ["ONNX", "Learning", "LinearAlgebra", "Model", "Files", "TestSupport"]),
        .testTarget(name: "SweepTests", dependencies: ["Sweep", "Model", "Text", "TestSupport"]),
        .testTarget(
            name: "LinearAlgebraTests",
            dependencies: ["LinearAlgebra", "Model", "CKernels", "COpenBLAS", "TestSupport"]),
        .testTarget(
            name: "LearningTests", dependencies: ["Learning", "LinearAlgebra", "Model", "TestSupport"]),
        .testTarget(
            name: "MeasuresTests",
            dependencies: [
                "Measures", "Fitting", "Learning", "LinearAlgebra", "Model", "COpenBLAS", "TestSupport",
            ]),
        .testTarget(
            name: "ExperimentsTests",
            dependencies: [
                "Experiments", "Measures", "Learning", "LinearAlgebra", "Records", "Model", "Sweep", "Files",
                "Text",
                "CZlib", "TestSupport",
            ]),
        .testTarget(name: "WireTests", dependencies: ["Wire", "Records", "Sweep", "TestSupport"]),
        .testTarget(
            name: "SchedulingTests", dependencies: ["Scheduling", "Wire", "Records", "Sweep", "TestSupport"]),
        .testTarget(name: "ClusterTests", dependencies: ["Cluster", "Sweep", "TestSupport"]),
        .testTarget(
            name: "SimulatedClusterTests", dependencies: ["SimulatedCluster", "Console"]),
        .testTarget(
            name: "JournalTests",
            dependencies: ["Journal", "Scheduling", "Wire", "Records", "Text", "CFaultyDisk"]),
        .testTarget(name: "RecordsTests", dependencies: ["Records", "Model", "Sweep", "Text"]),
        .testTarget(
            name: "ReportingTests", dependencies: ["Reporting", "Records", "Sweep", "Text", "TestSupport"]),
        .testTarget(
            name: "CoordinatorServiceTests",
            dependencies: [
                "CoordinatorService", "Journal", "Launch", "Scheduling", "Transport", "Wire", "Sweep",
                "Files", "Text", "Console", "TestSupport",
            ]),
        .testTarget(
            name: "WorkerServiceTests",
            dependencies: ["WorkerService", "Sweep", "Files", "Console", "TestSupport"]),
        .testTarget(
            name: "VocabularyTests",
            dependencies: ["CoordinatorService", "Console", "Model", "Sweep", "Text"]),
        .testTarget(name: "ProjectTests"),
        .testTarget(
            name: "FuzzTests",
            dependencies: [
                "CoordinatorService", "Experiments", "ONNX", "Records", "Scheduling", "Sweep", "Files",
                "Text",
                "Transport", "Wire",
                "CZlib", "TestSupport",
            ]),
        .testTarget(name: "TransportTests", dependencies: ["Transport", "Wire"]),
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "CoordinatorService", "Launch", "Cluster", "Journal", "Transport", "Scheduling", "Wire",
                "Records", "Sweep", "Files", "Text", "Console",
                "CZlib", "ranksweep", "ranksweep-worker", "ranksweep-bench", "peak-memory", "TestSupport",
            ]),
    ],
    swiftLanguageModes: [.v6]
)

// The tests' build: users of newer compilers can still build what newer compilers warn about. Test targets are left
// out, as the macros of Swift Testing expand to code that the compiler warns about.
if Context.environment["RANKSWEEP_STRICT"] != nil {
    for target in package.targets where target.type == .regular || target.type == .executable {
        target.swiftSettings = [.treatAllWarnings(as: .error)]
        target.cSettings = [.treatAllWarnings(as: .error)]
    }
}
