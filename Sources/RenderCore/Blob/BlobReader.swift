/// A blob whose frame has been checked; sections are read in order and used in place.
struct BlobReader {
    private let base: UnsafeRawPointer
    private let sizes: [Int]
    private var nextSection = 0
    private var offset: Int
    private let name: String

    /// Checks magic, version, sizes that add up to exactly the bytes that are there, zeros in between.
    init(
        _ blob: BlobBytes,
        name: String,
        magic: UInt64,
        sections: Int,
        limits: SceneLimits
    ) throws(SceneBlobError) {
        let bytes = blob.buffer
        guard bytes.count <= limits.blobBytesMax else {
            throw SceneBlobError(
                .limitExceeded,
                "the \(name) blob has \(bytes.count) bytes; this node takes at most \(limits.blobBytesMax)"
            )
        }
        let header = BlobFormat.headerSize(sections: sections)
        guard let base = bytes.baseAddress, bytes.count >= header else {
            throw SceneBlobError(.notASceneBlob, "the \(name) blob ends within its header, at byte \(bytes.count)")
        }
        guard base.load(as: UInt64.self) == magic else {
            throw SceneBlobError(.notASceneBlob, "these bytes are not a Tessera \(name) blob")
        }
        let version = base.load(fromByteOffset: 8, as: UInt32.self)
        guard version == BlobFormat.version else {
            throw SceneBlobError(
                .notASceneBlob,
                "the \(name) blob has format version \(version), this program reads version \(BlobFormat.version)"
            )
        }
        guard base.load(fromByteOffset: 12, as: UInt32.self) == UInt32(sections) else {
            throw SceneBlobError(.malformed, "the \(name) blob has a wrong number of sections")
        }
        var sizes: [Int] = []
        var end = header
        for i in 0 ..< sections {
            let size = base.load(fromByteOffset: 16 + 8 * i, as: UInt64.self)
            guard size <= UInt64(bytes.count - end) else {
                throw SceneBlobError(.malformed, "section \(i) of the \(name) blob goes beyond its end")
            }
            sizes.append(Int(size))
            // The last section is padded as well, so this stays inside or is refused.
            guard BlobFormat.aligned(Int(size)) <= bytes.count - end else {
                throw SceneBlobError(.malformed, "section \(i) of the \(name) blob goes beyond its end")
            }
            let padded = BlobFormat.aligned(Int(size))
            for at in (end + Int(size)) ..< (end + padded) where base.load(fromByteOffset: at, as: UInt8.self) != 0 {
                throw SceneBlobError(.malformed, "the \(name) blob has data between its sections")
            }
            end += padded
        }
        guard end == bytes.count else {
            throw SceneBlobError(.malformed, "the \(name) blob has \(bytes.count - end) bytes too many")
        }
        for at in (16 + 8 * sections) ..< header where base.load(fromByteOffset: at, as: UInt8.self) != 0 {
            throw SceneBlobError(.malformed, "the \(name) blob has data between its sections")
        }
        self.base = base
        self.sizes = sizes
        self.offset = header
        self.name = name
    }

    /// The next section as raw bytes.
    mutating func bytes() -> UnsafeRawBufferPointer {
        let size = self.sizes[self.nextSection]
        let section = UnsafeRawBufferPointer(start: self.base + self.offset, count: size)
        self.offset += BlobFormat.aligned(size)
        self.nextSection += 1
        return section
    }

    /// The next section as 32-bit numbers.
    mutating func words() throws(SceneBlobError) -> UnsafeBufferPointer<UInt32> {
        let section = try self.bytes(elementSize: 4)
        return section.bindMemory(to: UInt32.self)
    }

    /// The next section as 16-bit numbers.
    mutating func halfWords() throws(SceneBlobError) -> UnsafeBufferPointer<UInt16> {
        let section = try self.bytes(elementSize: 2)
        return section.bindMemory(to: UInt16.self)
    }

    /// The next section as floating-point numbers, which are all finite and of a magnitude up to `limit`.
    mutating func floats(_ what: String, limit: Float) throws(SceneBlobError) -> UnsafeBufferPointer<Float> {
        let section = try self.bytes(elementSize: 4)
        let floats = section.bindMemory(to: Float.self)
        if !areWithin(limit, section) {
            for (i, value) in floats.enumerated() where !(value.magnitude <= limit) {
                throw SceneBlobError(.invalidValue, "number \(i) of the \(what) is not finite or too large")
            }
        }
        return floats
    }

    /// The next section as records of equal size.
    mutating func records(wordsEach: Int) throws(SceneBlobError) -> BlobRecords {
        let section = try self.bytes(elementSize: 4 * wordsEach)
        return BlobRecords(words: section.bindMemory(to: UInt32.self), wordsEach: wordsEach)
    }

    private mutating func bytes(elementSize: Int) throws(SceneBlobError) -> UnsafeRawBufferPointer {
        let number = self.nextSection
        let section = self.bytes()
        guard section.count % elementSize == 0 else {
            throw SceneBlobError(
                .malformed,
                "section \(number) of the \(self.name) blob has \(section.count) bytes, not a multiple of \(elementSize)"
            )
        }
        return section
    }
}

/// Records of equal size, read word by word.
struct BlobRecords {
    private let words: UnsafeBufferPointer<UInt32>
    private let wordsEach: Int

    init(words: UnsafeBufferPointer<UInt32>, wordsEach: Int) {
        self.words = words
        self.wordsEach = wordsEach
    }

    var count: Int { self.words.count / self.wordsEach }

    /// Reads one record from its first word; the index must be below ``count``.
    func cursor(at index: Int) -> BlobCursor {
        BlobCursor(words: self.words, next: index * self.wordsEach)
    }
}

/// Reads the words of a record one after the other; the caller knows how many there are.
struct BlobCursor {
    private let words: UnsafeBufferPointer<UInt32>
    private var next: Int

    init(words: UnsafeBufferPointer<UInt32>, next: Int) {
        self.words = words
        self.next = next
    }

    mutating func word() -> UInt32 {
        let value = self.words[self.next]
        self.next += 1
        return value
    }

    /// A count or an index; too large ones come back as 2^28, which nothing reaches, also where `Int` has 32 bits.
    mutating func count() -> Int {
        let value = self.word()
        return value < UInt32(SceneRange.meshCountMax) ? Int(value) : SceneRange.meshCountMax
    }

    mutating func word64() -> UInt64 {
        let low = self.word()
        return UInt64(low) | UInt64(self.word()) << 32
    }

    mutating func float() -> Float { Float(bitPattern: self.word()) }

    mutating func vector() -> Vector3 {
        let x = self.float()
        let y = self.float()
        return Vector3(x, y, self.float())
    }

    /// A number in a range; not-a-number is in none.
    mutating func float(_ range: ClosedRange<Float>, _ what: String, _ index: Int) throws(SceneBlobError) -> Float {
        let value = self.float()
        guard value >= range.lowerBound, value <= range.upperBound else {
            throw SceneBlobError(.invalidValue, "\(what) \(index) has a number that is not finite or out of range")
        }
        return value
    }

    /// Three numbers in a range.
    mutating func vector(_ range: ClosedRange<Float>, _ what: String, _ index: Int) throws(SceneBlobError) -> Vector3 {
        let x = try self.float(range, what, index)
        let y = try self.float(range, what, index)
        return Vector3(x, y, try self.float(range, what, index))
    }
}
