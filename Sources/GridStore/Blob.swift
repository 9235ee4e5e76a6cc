import FoundationEssentials
import GridWire

extension [UInt8] {
    /// The bytes as the database takes them.
    var blob: Data {
        Data(self)
    }
}

extension Digest {
    /// The bytes as the database takes them.
    var blob: Data {
        self.bytes.blob
    }

    /// Reads a digest from a column.
    init(column: Data, path: String) throws(StoreError) {
        guard let digest = Self(column) else {
            throw StoreError.damaged(path: path, reason: "\(column.count) bytes of it stand where a digest should")
        }
        self = digest
    }
}
