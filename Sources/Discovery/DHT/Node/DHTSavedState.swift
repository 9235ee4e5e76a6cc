/// What outlives a node: its ids and the nodes that it knew, as a bencoded dictionary.
///
/// Nothing in it is believed before it answers, so a damaged file costs a slower start at most.
struct DHTSavedState: Hashable, Sendable {
    /// The most nodes of one family that are kept.
    static let contactsMax = 200
    private static let version: Int64 = 1

    var ids: [AddressFamily: DHTKey] = [:]
    var contacts: [AddressFamily: [DHTContact]] = [:]

    init() {}

    /// Reads what ``encoded()`` wrote, or nothing of anything else.
    init?(decoding bytes: [UInt8]) {
        let sizeMax = 256 + Self.contactsMax * (AddressFamily.v4.nodeSize + AddressFamily.v6.nodeSize)
        guard bytes.count <= sizeMax, let state = (try? Bencode(decoding: bytes))?.dictionary,
            state["version"]?.integer == Self.version
        else { return nil }
        for (family, idName, listName) in Self.names {
            self.ids[family] = state[idName]?.bytes.flatMap { DHTKey($0) }
            guard let list = state[listName]?.bytes else { continue }
            self.contacts[family] = DHTContact.list(compact: list, family: family, countMax: Self.contactsMax)
        }
    }

    func encoded() -> [UInt8] {
        var state = Bencode.Dictionary()
        state["version"] = .integer(Self.version)
        for (family, idName, listName) in Self.names {
            state[idName] = self.ids[family].map { .bytes($0.bytes) }
            state[listName] = self.contacts[family].map { .bytes($0.prefix(Self.contactsMax).flatMap(\.compact)) }
        }
        return Bencode.dictionary(state).encoded()
    }

    private static let names: [(AddressFamily, StaticString, StaticString)] = [
        (.v4, "id", "nodes"), (.v6, "id6", "nodes6"),
    ]
}
