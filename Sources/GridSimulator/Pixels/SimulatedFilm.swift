import GridWire

/// The pixels of a unit as one node has them.
struct SimulatedFilm: Hashable {
    /// The Merkle root that they have.
    let root: Digest
    /// The payloads of the blocks one after the other; nothing where pixels are made up.
    var payloads: [UInt8]?
}
