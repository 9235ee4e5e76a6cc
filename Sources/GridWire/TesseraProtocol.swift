/// The names of the streams that Tessera's peers open, and how much may flow on them.
///
/// A message is one whole half of a stream: the asker writes the request and closes its side, the answerer writes the
/// response and closes its own. The names are proposed by multistream-select.
public enum TesseraProtocol {
    /// ``GridRequest`` and ``GridResponse``.
    public static let grid = "/tessera/grid/1"
    /// Asks for a chunk: the 32 bytes of its id; the answer is the chunk's bytes, or nothing when it is not held.
    public static let chunk = "/tessera/chunk/1"
    /// Brings a chunk: the 32 bytes of its id, then its bytes; the answer is one ``PutAnswer`` byte.
    public static let chunkPut = "/tessera/chunk-put/1"
    /// Asks for the pixels of a unit: a ``UnitPixelsAddress``; the answer is the unit's leaf payloads one after the
    /// other, or nothing when they are not held.
    public static let pixels = "/tessera/pixels/1"
    /// Brings the pixels of a unit: a ``UnitPixelsAddress``, then the leaf payloads one after the other; the answer is
    /// one ``PutAnswer`` byte.
    public static let pixelsPut = "/tessera/pixels-put/1"
    /// Peers tell each other of nodes that they know: ``NodeRecord/encode(_:)`` both ways, the asker's own record first.
    public static let peers = "/tessera/peers/1"
    /// What keeps the overlay: whether a peer is heard, whether a session can be done without, where peers are.
    ///
    /// One byte, then public keys of 32 bytes; the answer is one byte, or ``NodeRecord/encode(_:)``.
    public static let overlay = "/tessera/overlay/1"

    /// All names.
    public static let all = [
        Self.grid, Self.chunk, Self.chunkPut, Self.pixels, Self.pixelsPut, Self.peers, Self.overlay,
    ]

    /// The most bytes of a request or a response on ``grid``.
    public static let gridMessageSizeMax = 4 << 20
    /// The most bytes of a chunk; a scene index is the largest.
    public static let chunkSizeMax = SceneIndex.encodedSizeMax
    /// The most bytes of the pixels of a unit: 64 blocks of 64 pixels of 72 bytes with all channels, and room for 128 bytes
    /// of counters a block.
    public static let pixelsSizeMax = 64 * (64 * 72 + 128)

    /// The most bytes of a message of peers, either way.
    public static let peersSizeMax = 8 + NodeRecord.recordsMax * NodeRecord.encodedSizeMax

    /// The answer to a ``chunkPut`` or ``pixelsPut``.
    public enum PutAnswer: UInt8, Sendable {
        /// Stored, or was stored already.
        case stored = 0
        /// Refused: it is not wanted, or not what its name says.
        case refused = 1
        /// There is no room now; ask again later.
        case busy = 2
    }

    /// The most bytes of a request on one of the streams, or nothing for other names.
    public static func requestSizeMax(_ name: String) -> Int? {
        switch name {
        case Self.grid: Self.gridMessageSizeMax
        case Self.chunk: Digest.byteCount
        case Self.chunkPut: Digest.byteCount + Self.chunkSizeMax
        case Self.pixels: UnitPixelsAddress.byteCount
        case Self.pixelsPut: UnitPixelsAddress.byteCount + Self.pixelsSizeMax
        case Self.peers: Self.peersSizeMax
        case Self.overlay: 1 + NodeRecord.recordsMax * PeerID.publicKeySize
        default: nil
        }
    }

    /// The most bytes of a response on one of the streams, or nothing for other names.
    public static func responseSizeMax(_ name: String) -> Int? {
        switch name {
        case Self.grid: Self.gridMessageSizeMax
        case Self.chunk: Self.chunkSizeMax
        case Self.chunkPut, Self.pixelsPut: 1
        case Self.pixels: Self.pixelsSizeMax
        case Self.peers, Self.overlay: Self.peersSizeMax
        default: nil
        }
    }
}
