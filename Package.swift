// swift-tools-version: 6.2
import PackageDescription

// The layers of the house, lowest first. `swift build --explicit-target-dependency-import-check error`
// refuses an import that is not listed here.

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("InferIsolatedConformances"),
    .enableUpcomingFeature("ImmutableWeakCaptures"),
]

// `./bootstrap` names the processor level that it found (x86-64, x86-64-v3, x86-64-v4). The bits of a picture do not
// depend on it: only the speed does.
let processor: [String] = Context.environment["TESSERA_MARCH"].map { ["-Xcc", "-march=\($0)"] } ?? []

// The number of lanes that rendering is compiled for: 16 unless TESSERA_LANES says 1, 4 or 8. The bits do not depend on it.
let lanes: [String] = Context.environment["TESSERA_LANES"].map { ["-DLANES_\($0)", "-Xcc", "-DLANES_\($0)"] } ?? []

// -fno-math-errno makes squareRoot() one instruction. -Ounchecked is for release alone; debug keeps every check.
let renderSettings: [SwiftSetting] =
    settings + [
        .unsafeFlags(["-Xcc", "-fno-math-errno", "-Xcc", "-ffp-contract=off"] + processor + lanes),
        .unsafeFlags(["-Ounchecked", "-wmo"], .when(configuration: .release)),
    ]

let package = Package(
    name: "tessera",
    products: [
        .executable(name: "tessera", targets: ["tessera"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    ],
    targets: [
        // Level 0
        .target(name: "CVector"),
        .target(
            name: "RenderCore",
            dependencies: ["CVector"],
            exclude: ["Blob/Format.md"],
            swiftSettings: renderSettings
        ),
        .target(name: "GridWire", exclude: ["Schema.md"], swiftSettings: settings),
        .target(name: "CSpawnShim"),
        .target(name: "ChildProcesses", dependencies: ["CSpawnShim"], swiftSettings: settings),
        .systemLibrary(name: "CSodium", pkgConfig: "libsodium", providers: [.apt(["libsodium-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CMiniUPnP", providers: [.apt(["libminiupnpc-dev"])]),
        .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
        .systemLibrary(name: "CTurboJPEG", pkgConfig: "libturbojpeg", providers: [.apt(["libturbojpeg0-dev"])]),
        .systemLibrary(name: "CWebP", pkgConfig: "libwebp", providers: [.apt(["libwebp-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CMeshoptimizer", providers: [.apt(["libmeshoptimizer-dev"])]),
        .target(name: "CDracoShim", linkerSettings: [.linkedLibrary("draco")]),
        .target(
            name: "COpenEXRShim",
            cxxSettings: [.unsafeFlags(["-isystem/usr/include/OpenEXR", "-isystem/usr/include/Imath"])],
            linkerSettings: ["OpenEXR", "Iex", "Imath"].map { .linkedLibrary($0) }
        ),
        // Level 1
        .target(
            name: "ImageCodec",
            dependencies: ["RenderCore", "CPNG", "CTurboJPEG", "CWebP", "COpenEXRShim"],
            swiftSettings: settings
        ),
        .target(
            name: "SceneImport",
            dependencies: ["RenderCore", "ImageCodec", "ChildProcesses", "CMeshoptimizer", "CDracoShim", "CZlib"],
            exclude: ["Examples", "Schemas"],
            swiftSettings: settings
        ),
        .target(name: "PeerSession", dependencies: ["GridWire", "CSodium", "COpenSSL"], swiftSettings: settings),
        .target(name: "Discovery", dependencies: ["GridWire", "CSodium"], swiftSettings: settings),
        .target(name: "GridCore", dependencies: ["GridWire"], swiftSettings: settings),
        // Level 2
        .target(
            name: "GridStore",
            dependencies: ["GridWire", "GridCore", .product(name: "GRDB", package: "GRDB.swift")],
            swiftSettings: settings
        ),
        .target(
            name: "Dashboard",
            dependencies: [
                "GridWire", "GridCore",
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "Mustache", package: "swift-mustache"),
                // Hummingbird's interface speaks of channels, time-outs and loggers.
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
            ],
            resources: [.embedInCode("Pages")],
            swiftSettings: settings
        ),
        // Level 3
        .target(
            name: "GridSimulator",
            dependencies: [
                "GridWire", "PeerSession", "Discovery", "GridCore", "RenderCore", "GridStore",
                // For the layer below the database's files, which can lose what was not forced to the disk.
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "GridNode",
            dependencies: [
                "RenderCore", "GridWire", "ImageCodec", "SceneImport", "PeerSession", "Discovery", "GridCore",
                "GridStore", "Dashboard", "ChildProcesses", "CMiniUPnP",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: settings
        ),
        // Level 4
        .target(
            name: "GridCommands",
            dependencies: [
                "GridNode", "GridSimulator", "GridCore", "ChildProcesses",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: settings
        ),
        // Level 5
        .executableTarget(name: "tessera", dependencies: ["GridCommands"], swiftSettings: settings),
        // Tests
        .executableTarget(
            name: "saboteur",
            dependencies: ["GridNode", "GridWire", "RenderCore", .product(name: "Logging", package: "swift-log")],
            path: "Tests/Saboteur",
            swiftSettings: settings
        ),
        .executableTarget(
            name: "sessionpeer",
            dependencies: [
                "GridNode", "GridWire", "PeerSession", "Discovery", "ChildProcesses",
                .product(name: "Logging", package: "swift-log"),
            ],
            path: "Tests/SessionPeer",
            swiftSettings: settings
        ),
        .executableTarget(
            name: "scenetrial",
            dependencies: ["SceneImport", "ImageCodec", "RenderCore"],
            path: "Tests/SceneTrial",
            exclude: ["run", "README.md"],
            swiftSettings: settings
        ),
        .testTarget(name: "ChildProcessesTests", dependencies: ["ChildProcesses"], swiftSettings: settings),
        .testTarget(name: "RenderCoreTests", dependencies: ["RenderCore", "GridWire"], swiftSettings: settings),
        .testTarget(name: "GridWireTests", dependencies: ["GridWire", "CSodium"], swiftSettings: settings),
        .testTarget(name: "ImageCodecTests", dependencies: ["ImageCodec", "RenderCore"], swiftSettings: settings),
        .testTarget(
            name: "SceneImportTests",
            dependencies: ["SceneImport", "ImageCodec", "RenderCore", "GridWire", "CMeshoptimizer"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "PeerSessionTests",
            dependencies: ["PeerSession", "GridWire", "CSodium"],
            exclude: ["Vectors"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "DiscoveryTests",
            dependencies: ["Discovery", "GridWire", "ChildProcesses", "CSodium"],
            exclude: ["Interop"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "GridCoreTests",
            dependencies: ["GridCore", "GridWire", "ChildProcesses", "CSodium"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "GridStoreTests",
            dependencies: ["GridStore", "GridCore", "GridWire"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "DashboardTests",
            dependencies: ["Dashboard", "GridCore", "GridWire"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "GridSimulatorTests",
            dependencies: ["GridSimulator", "GridCore", "GridWire"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "GridCommandsTests",
            dependencies: [
                "GridCommands", "GridNode", .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "GridNodeTests",
            dependencies: [
                "GridNode", "GridWire", "RenderCore", "PeerSession", "Discovery", "GridCore", "GridStore",
                "ChildProcesses",
            ],
            exclude: ["Interop/libp2p_peer.py", "Grid/wall-clock.c", "Namespaces/slow-link.py"],
            swiftSettings: settings
        ),
    ]
)
