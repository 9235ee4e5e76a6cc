/// BLAKE2b with 32 bytes of output and no key (RFC 7693), fed piece by piece.
///
/// This file needs nothing but the standard library, so that it can be compiled alone (Embedded Swift included).
/// A value may be copied in the middle of a message; finishing it does not change it.
public struct Blake2b256: Sendable {
    /// The number of bytes of a block.
    private static let blockSize = 128

    /// The chaining value.
    private var h: SIMD8<UInt64>
    /// Bytes that wait for the block to be full; in memory order.
    private var buffer = SIMD16<UInt64>.zero
    /// The number of bytes in `buffer`.
    ///
    /// It may be a whole block, since the last block is compressed differently.
    private var bufferedCount = 0
    /// The number of bytes that were compressed.
    ///
    /// RFC 7693 counts in 128 bits; nobody hashes 16 exabytes.
    private var compressedCount: UInt64 = 0

    /// The initialisation vector, which is that of SHA-512.
    private static let iv = SIMD8<UInt64>(
        0x6a09_e667_f3bc_c908,
        0xbb67_ae85_84ca_a73b,
        0x3c6e_f372_fe94_f82b,
        0xa54f_f53a_5f1d_36f1,
        0x510e_527f_ade6_82d1,
        0x9b05_688c_2b3e_6c1f,
        0x1f83_d9ab_fb41_bd6b,
        0x5be0_cd19_137e_2179
    )

    /// Creates the hash of the empty message.
    public init() {
        self.h = Self.iv
        // Parameter block: digest length 32, key length 0, fanout 1, depth 1.
        self.h[0] ^= 0x0101_0020
    }

    /// Appends bytes to the message.
    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        guard var next = bytes.baseAddress, !bytes.isEmpty else { return }
        var left = bytes.count
        if self.bufferedCount > 0 {
            let taken = min(Self.blockSize - self.bufferedCount, left)
            self.fill(next, taken)
            next += taken
            left -= taken
            guard left > 0 else { return }
            self.compressedCount &+= UInt64(Self.blockSize)
            withUnsafeBytes(of: self.buffer) { block in
                guard let start = block.baseAddress else { return }
                Self.compress(&self.h, start, count: self.compressedCount, isLast: false)
            }
            self.bufferedCount = 0
        }
        while left > Self.blockSize {
            self.compressedCount &+= UInt64(Self.blockSize)
            Self.compress(&self.h, next, count: self.compressedCount, isLast: false)
            next += Self.blockSize
            left -= Self.blockSize
        }
        self.fill(next, left)
    }

    /// Appends bytes to the message.
    public mutating func update(_ bytes: some Sequence<UInt8>) {
        let wasContiguous: Void? = bytes.withContiguousStorageIfAvailable { self.update(UnsafeRawBufferPointer($0)) }
        guard wasContiguous == nil else { return }
        self.update(ContiguousArray(bytes))
    }

    /// The hash of the message so far, 32 bytes.
    public func finalizeBytes() -> [UInt8] {
        let words = self.finalizeWords()
        var bytes: [UInt8] = []
        bytes.reserveCapacity(32)
        for i in 0 ..< 4 {
            for j in 0 ..< 8 {
                bytes.append(UInt8(truncatingIfNeeded: words[i] &>> UInt64(8 * j)))
            }
        }
        return bytes
    }

    /// The hash of the message so far as little-endian words.
    func finalizeWords() -> SIMD4<UInt64> {
        var last = self.buffer
        var h = self.h
        withUnsafeMutableBytes(of: &last) { block in
            for i in self.bufferedCount ..< Self.blockSize {
                block[i] = 0
            }
            guard let start = block.baseAddress else { return }
            let count = self.compressedCount &+ UInt64(self.bufferedCount)
            Self.compress(&h, UnsafeRawPointer(start), count: count, isLast: true)
        }
        return h.lowHalf
    }

    /// Appends at most what the buffer has room for.
    private mutating func fill(_ bytes: UnsafeRawPointer, _ count: Int) {
        let offset = self.bufferedCount
        withUnsafeMutableBytes(of: &self.buffer) { block in
            guard let start = block.baseAddress else { return }
            (start + offset).copyMemory(from: bytes, byteCount: count)
        }
        self.bufferedCount += count
    }

    /// The function F of RFC 7693, section 3.2.
    ///
    /// Reads 128 bytes at `block`, of any alignment.
    private static func compress(
        _ h: inout SIMD8<UInt64>,
        _ block: UnsafeRawPointer,
        count: UInt64,
        isLast: Bool
    ) {
        let m0 = Self.word(block, 0)
        let m1 = Self.word(block, 1)
        let m2 = Self.word(block, 2)
        let m3 = Self.word(block, 3)
        let m4 = Self.word(block, 4)
        let m5 = Self.word(block, 5)
        let m6 = Self.word(block, 6)
        let m7 = Self.word(block, 7)
        let m8 = Self.word(block, 8)
        let m9 = Self.word(block, 9)
        let m10 = Self.word(block, 10)
        let m11 = Self.word(block, 11)
        let m12 = Self.word(block, 12)
        let m13 = Self.word(block, 13)
        let m14 = Self.word(block, 14)
        let m15 = Self.word(block, 15)
        var v = WorkingVector(h: h, count: count, isLast: isLast)
        // The twelve rounds with the message schedule SIGMA of section 2.7.
        v.round(m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15)
        v.round(m14, m10, m4, m8, m9, m15, m13, m6, m1, m12, m0, m2, m11, m7, m5, m3)
        v.round(m11, m8, m12, m0, m5, m2, m15, m13, m10, m14, m3, m6, m7, m1, m9, m4)
        v.round(m7, m9, m3, m1, m13, m12, m11, m14, m2, m6, m5, m10, m4, m0, m15, m8)
        v.round(m9, m0, m5, m7, m2, m4, m10, m15, m14, m1, m11, m12, m6, m8, m3, m13)
        v.round(m2, m12, m6, m10, m0, m11, m8, m3, m4, m13, m7, m5, m15, m14, m1, m9)
        v.round(m12, m5, m1, m15, m14, m13, m4, m10, m0, m7, m6, m3, m9, m2, m8, m11)
        v.round(m13, m11, m7, m14, m12, m1, m3, m9, m5, m0, m15, m4, m8, m6, m2, m10)
        v.round(m6, m15, m14, m9, m11, m3, m0, m8, m12, m2, m13, m7, m1, m4, m10, m5)
        v.round(m10, m2, m8, m4, m7, m6, m1, m5, m15, m11, m9, m14, m3, m12, m13, m0)
        v.round(m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15)
        v.round(m14, m10, m4, m8, m9, m15, m13, m6, m1, m12, m0, m2, m11, m7, m5, m3)
        h ^= v.folded
    }

    @inline(__always)
    private static func word(_ block: UnsafeRawPointer, _ index: Int) -> UInt64 {
        UInt64(littleEndian: block.loadUnaligned(fromByteOffset: 8 * index, as: UInt64.self))
    }
}

/// The sixteen words on which the rounds work, kept in registers where the processor has enough.
private struct WorkingVector {
    private var v0, v1, v2, v3, v4, v5, v6, v7, v8, v9, v10, v11, v12, v13, v14, v15: UInt64

    @inline(__always)
    init(h: SIMD8<UInt64>, count: UInt64, isLast: Bool) {
        (self.v0, self.v1, self.v2, self.v3) = (h[0], h[1], h[2], h[3])
        (self.v4, self.v5, self.v6, self.v7) = (h[4], h[5], h[6], h[7])
        self.v8 = 0x6a09_e667_f3bc_c908
        self.v9 = 0xbb67_ae85_84ca_a73b
        self.v10 = 0x3c6e_f372_fe94_f82b
        self.v11 = 0xa54f_f53a_5f1d_36f1
        self.v12 = 0x510e_527f_ade6_82d1 ^ count
        self.v13 = 0x9b05_688c_2b3e_6c1f
        self.v14 = isLast ? ~0x1f83_d9ab_fb41_bd6b : 0x1f83_d9ab_fb41_bd6b
        self.v15 = 0x5be0_cd19_137e_2179
    }

    /// The two halves of the vector, one upon the other.
    @inline(__always)
    var folded: SIMD8<UInt64> {
        SIMD8(
            self.v0 ^ self.v8,
            self.v1 ^ self.v9,
            self.v2 ^ self.v10,
            self.v3 ^ self.v11,
            self.v4 ^ self.v12,
            self.v5 ^ self.v13,
            self.v6 ^ self.v14,
            self.v7 ^ self.v15
        )
    }

    /// One round: four columns, then four diagonals.
    @inline(__always)
    mutating func round(
        _ a: UInt64,
        _ b: UInt64,
        _ c: UInt64,
        _ d: UInt64,
        _ e: UInt64,
        _ f: UInt64,
        _ g: UInt64,
        _ h: UInt64,
        _ i: UInt64,
        _ j: UInt64,
        _ k: UInt64,
        _ l: UInt64,
        _ m: UInt64,
        _ n: UInt64,
        _ o: UInt64,
        _ p: UInt64
    ) {
        Self.mix(&self.v0, &self.v4, &self.v8, &self.v12, a, b)
        Self.mix(&self.v1, &self.v5, &self.v9, &self.v13, c, d)
        Self.mix(&self.v2, &self.v6, &self.v10, &self.v14, e, f)
        Self.mix(&self.v3, &self.v7, &self.v11, &self.v15, g, h)
        Self.mix(&self.v0, &self.v5, &self.v10, &self.v15, i, j)
        Self.mix(&self.v1, &self.v6, &self.v11, &self.v12, k, l)
        Self.mix(&self.v2, &self.v7, &self.v8, &self.v13, m, n)
        Self.mix(&self.v3, &self.v4, &self.v9, &self.v14, o, p)
    }

    /// The function G of RFC 7693, section 3.1.
    @inline(__always)
    private static func mix(
        _ a: inout UInt64,
        _ b: inout UInt64,
        _ c: inout UInt64,
        _ d: inout UInt64,
        _ x: UInt64,
        _ y: UInt64
    ) {
        a = a &+ b &+ x
        d = Self.rotated(d ^ a, by: 32)
        c = c &+ d
        b = Self.rotated(b ^ c, by: 24)
        a = a &+ b &+ y
        d = Self.rotated(d ^ a, by: 16)
        c = c &+ d
        b = Self.rotated(b ^ c, by: 63)
    }

    @inline(__always)
    private static func rotated(_ x: UInt64, by count: UInt64) -> UInt64 {
        (x &>> count) | (x &<< (64 &- count))
    }
}
