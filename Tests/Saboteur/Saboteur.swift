import GridNode
import GridWire
import Logging
import RenderCore

/// A node that lies, for tests: it falsifies one block in ten.
///
///     saboteur DATA-DIRECTORY GRID PEER-ADDRESS
@main
enum Saboteur {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 4 else {
            print("usage: saboteur DATA-DIRECTORY GRID PEER-ADDRESS")
            return
        }
        let node = NodeService(
            configuration: NodeConfiguration(
                dataDirectory: arguments[1],
                listenHost: "127.0.0.1",
                listenPort: 0,
                peers: [arguments[3]],
                grid: arguments[2],
                threads: 1,
                dashboardPort: nil,
                usesLAN: false
            ),
            logger: Logger(label: "saboteur") { StreamLogHandler.standardError(label: $0) },
            tampering: { Self.tamper($0, $1, $2) },
            isStarted: { _ in }
        )
        try await node.run()
    }

    /// Flips the lowest bit of one colour of one pixel: the smallest lie there is.
    private static func tamper(_ unit: UnitID, _ block: Int, _ film: FilmBlock) -> FilmBlock {
        guard Self.isFalsified(unit, block: unit.firstBlock + block) else { return film }
        var payload = film.payload
        payload[0] ^= 1
        return FilmBlock(payload: payload, width: film.width, height: film.height) ?? film
    }

    /// One block in ten, chosen by its place so that a second rendering lies alike.
    private static func isFalsified(_ unit: UnitID, block: Int) -> Bool {
        var hash = UInt64(truncatingIfNeeded: unit.frame &* 0x9E37 &+ unit.tile &* 0x85EB &+ block &* 0xC2B2)
        hash = (hash ^ hash >> 7) &* 0x9E37_79B9_7F4A_7C15
        return (hash >> 40) % 10 == 0
    }
}
