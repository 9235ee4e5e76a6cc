// swift-tools-version: 6.2
import PackageDescription

// One libFuzzer program for each decoder of bytes from strangers. `./run` builds and runs them; see there.

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("InferIsolatedConformances"),
    .enableUpcomingFeature("ImmutableWeakCaptures"),
    // Counts the edges that an input takes, and looks at every access to memory: much of the core reads through pointers.
    .unsafeFlags(["-sanitize=fuzzer,address"]),
]

// As in the program's own package, but with every check that Swift has.
let renderSettings = settings + [.unsafeFlags(["-Xcc", "-fno-math-errno", "-Xcc", "-ffp-contract=off", "-wmo"])]

func fuzzer(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(
        name: "fuzz-\(name)",
        dependencies: dependencies + ["FuzzDriver"],
        path: "Sources/Fuzzers/\(name)",
        swiftSettings: settings,
        linkerSettings: [.unsafeFlags(["-sanitize=fuzzer,address", "-use-ld=lld"])]
    )
}

let package = Package(
    name: "fuzzing",
    targets: [
        // The package's own sources, by symbolic links.
        .target(name: "GridWire", exclude: ["Schema.md"], swiftSettings: settings),
        .systemLibrary(name: "CSodium", pkgConfig: "libsodium"),
        .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto"),
        .target(name: "Discovery", dependencies: ["GridWire", "CSodium"], swiftSettings: settings),
        .target(name: "PeerSession", dependencies: ["GridWire", "CSodium", "COpenSSL"], swiftSettings: settings),
        .target(name: "CVector"),
        .target(
            name: "RenderCore",
            dependencies: ["CVector"],
            exclude: ["Blob/Format.md"],
            swiftSettings: renderSettings
        ),
        .systemLibrary(name: "CFuzzer"),
        .target(name: "FuzzDriver", dependencies: ["CFuzzer"], swiftSettings: settings),
        fuzzer("bencode", ["Discovery"]),
        fuzzer("krpc", ["Discovery"]),
        fuzzer("dht", ["Discovery", "GridWire"]),
        fuzzer("mdns", ["Discovery", "GridWire"]),
        fuzzer("node-records", ["GridWire"]),
        fuzzer("grid-messages", ["GridWire"]),
        fuzzer("multistream", ["PeerSession"]),
        fuzzer("noise", ["PeerSession", "GridWire"]),
        fuzzer("yamux", ["PeerSession", "GridWire"]),
        fuzzer("identify", ["PeerSession"]),
        fuzzer("scenes", ["RenderCore"]),
    ]
)
