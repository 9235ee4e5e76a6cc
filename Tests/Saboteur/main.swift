// A node that lies, for tests: it falsifies one block in ten. Usage: saboteur DATA-DIRECTORY GRID PEER-ADDRESS

import GridNode
import Logging
import RenderCore

#if canImport(Glibc)
import Glibc
#else
import Musl
#endif

guard CommandLine.arguments.count == 4 else {
    fputs("usage: saboteur DATA-DIRECTORY GRID PEER-ADDRESS\n", stderr)
    exit(64)
}

/// One block in ten, chosen by the unit and the block so that a second rendering lies alike.
func isFalsified(frame: Int, tile: Int, block: Int) -> Bool {
    var hash = UInt64(truncatingIfNeeded: frame &* 0x9E37 &+ tile &* 0x85EB &+ block &* 0xC2B2)
    hash = (hash ^ hash >> 7) &* 0x9E37_79B9_7F4A_7C15
    return (hash >> 40) % 10 == 0
}

let logger = Logger(label: "saboteur") { StreamLogHandler.standardError(label: $0) }
let node = NodeService(
    configuration: NodeConfiguration(
        dataDirectory: CommandLine.arguments[1],
        listenHost: "127.0.0.1",
        listenPort: 0,
        peers: [CommandLine.arguments[3]],
        grid: CommandLine.arguments[2],
        threads: 1,
        dashboardPort: nil,
        usesLAN: false
    ),
    logger: logger,
    tampering: { unit, block, film in
        guard isFalsified(frame: unit.frame, tile: unit.tile, block: unit.firstBlock + block) else { return film }
        // The smallest lie: one pixel, a little brighter.
        var payload = film.payload
        payload[2] ^= 1
        return FilmBlock(payload: payload, width: film.width, height: film.height) ?? film
    },
    isStarted: { _ in }
)
try await node.run()
