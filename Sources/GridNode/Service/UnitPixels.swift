import GridWire
import RenderCore

/// The pixels of a unit on the wire and on the disk: the payloads of its blocks, one after the other.
enum UnitPixels {
    /// The blocks of a unit as rectangles of pixels.
    static func bounds(of unit: UnitID, in geometry: FrameGeometry) -> [BlockBounds] {
        (unit.firstBlock ..< unit.firstBlock + unit.blockCount).map { geometry.pixels(ofBlock: $0, inTile: unit.tile) }
    }

    /// The payloads of a unit's blocks, or nil when the bytes have another size.
    static func payloads(
        _ bytes: [UInt8],
        of unit: UnitID,
        in geometry: FrameGeometry,
        channels: FilmChannels
    ) -> [(bounds: BlockBounds, payload: ArraySlice<UInt8>)]? {
        var payloads: [(bounds: BlockBounds, payload: ArraySlice<UInt8>)] = []
        var offset = 0
        for bounds in self.bounds(of: unit, in: geometry) {
            let size = FilmBlock.payloadSize(width: bounds.width, height: bounds.height, channels: channels)
            guard bytes.count - offset >= size else { return nil }
            payloads.append((bounds, bytes[offset ..< offset + size]))
            offset += size
        }
        return offset == bytes.count ? payloads : nil
    }

    /// The Merkle root that the bytes have as pixels of the unit, or nil when they have another size.
    static func root(
        of bytes: [UInt8],
        unit: UnitID,
        in geometry: FrameGeometry,
        channels: FilmChannels
    ) -> Digest? {
        self.payloads(bytes, of: unit, in: geometry, channels: channels).map { payloads in
            MerkleTree(payloads.map { LeafHash.digest(ofPayload: $0.payload) }).root
        }
    }
}
