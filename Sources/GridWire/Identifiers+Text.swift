extension JobID: LosslessStringConvertible {
    /// Creates a job id from 64 hexadecimal digits, or nothing from anything else.
    public init?(_ description: String) {
        guard let digest = Digest(description) else { return nil }
        self.init(digest)
    }

    /// 64 lower-case hexadecimal digits.
    public var description: String {
        self.digest.description
    }

    /// The first eight hexadecimal digits, for tables and log lines.
    public var shortDescription: String {
        self.digest.shortDescription
    }
}

extension ChunkID: LosslessStringConvertible {
    /// Creates a chunk id from 64 hexadecimal digits, or nothing from anything else.
    public init?(_ description: String) {
        guard let digest = Digest(description) else { return nil }
        self.init(digest)
    }

    /// 64 lower-case hexadecimal digits.
    public var description: String {
        self.digest.description
    }
}

extension RecordID: LosslessStringConvertible {
    /// Creates a record id from 64 hexadecimal digits, or nothing from anything else.
    public init?(_ description: String) {
        guard let digest = Digest(description) else { return nil }
        self.init(digest)
    }

    /// 64 lower-case hexadecimal digits.
    public var description: String {
        self.digest.description
    }
}

extension UnitID: CustomStringConvertible {
    /// Frame, tile and blocks, such as `12/7/0+64`.
    public var description: String {
        "\(self.frame)/\(self.tile)/\(self.firstBlock)+\(self.blockCount)"
    }
}
