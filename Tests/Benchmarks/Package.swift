// swift-tools-version: 6.2
import PackageDescription

// A package of its own, so that nobody needs Embree to build Tessera. `Core` is a link to the sources of the core: compiled
// as targets of this package they need none of the program's libraries, and `package` declarations can be measured.

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

// As in the main Package.swift; the processor of this machine unless TESSERA_MARCH names another.
let processor = Context.environment["TESSERA_MARCH"] ?? "native"
let renderSettings: [SwiftSetting] =
    settings + [
        .unsafeFlags(["-Xcc", "-fno-math-errno", "-Xcc", "-ffp-contract=off", "-Xcc", "-march=\(processor)"]),
        .unsafeFlags(["-Ounchecked", "-wmo"], .when(configuration: .release)),
    ]

let package = Package(
    name: "benchmarks",
    targets: [
        .target(name: "CVector", path: "Core/CVector"),
        .target(name: "RenderCore", dependencies: ["CVector"], path: "Core/RenderCore", swiftSettings: renderSettings),
        .target(name: "CEmbree", linkerSettings: [.linkedLibrary("embree3")]),
        .executableTarget(name: "rays", dependencies: ["RenderCore", "CEmbree"], swiftSettings: settings),
    ]
)
