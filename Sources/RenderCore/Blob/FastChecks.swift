// Checks of whole arrays without a branch for each number, so that they run at the speed of memory.

/// Whether all numbers are finite and of a magnitude up to `limit`; the bytes are a multiple of four, aligned to it.
func areWithin(_ limit: Float, _ numbers: UnsafeRawBufferPointer) -> Bool {
    guard let base = numbers.baseAddress else { return true }
    let most = limit.bitPattern
    let count = numbers.count / 4
    // Magnitudes order like their bits; those of infinities and of what is not a number come last. A difference below
    // zero sets the top bit.
    var bad: UInt32 = 0
    for i in 0 ..< count {
        bad |= most &- (base.load(fromByteOffset: 4 &* i, as: UInt32.self) & 0x7fff_ffff)
    }
    return bad < 0x8000_0000
}

/// Whether no number is below zero.
func areNotNegative(_ numbers: UnsafeBufferPointer<Float>) -> Bool {
    var signs: UInt32 = 0
    for number in numbers { signs |= number.bitPattern }
    guard signs >= 0x8000_0000 else { return true }
    // Zeros may have a sign.
    for number in numbers where number < 0 { return false }
    return true
}

/// Whether all numbers are below `limit`, which is at most 2^31.
func areBelow(_ limit: UInt32, _ numbers: UnsafeBufferPointer<UInt32>) -> Bool {
    guard !numbers.isEmpty else { return true }
    guard limit > 0 else { return false }
    let most = limit &- 1
    var bad: UInt32 = 0
    for number in numbers { bad |= number | (most &- number) }
    return bad < 0x8000_0000
}

/// Whether no number is smaller than the one before.
func areAscending(_ numbers: UnsafeBufferPointer<UInt32>) -> Bool {
    guard numbers.count > 1 else { return true }
    var descents: UInt32 = 0
    for i in 1 ..< numbers.count { descents |= numbers[i] < numbers[i &- 1] ? 1 : 0 }
    return descents == 0
}
