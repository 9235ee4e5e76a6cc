/// Where the elements of something lie, checked, and how their bytes become numbers (glTF 2.0, section 3.6.2).
///
/// The loops are specialised for each component type and run over raw memory: this is where an import spends its time.
struct ElementLayout {
    /// The type of one number.
    enum Component {
        case int8, uint8, int16, uint16, uint32, float

        init?(code: Int) {
            switch code {
            case 5120: self = .int8
            case 5121: self = .uint8
            case 5122: self = .int16
            case 5123: self = .uint16
            case 5125: self = .uint32
            case 5126: self = .float
            default: return nil
            }
        }

        var size: Int {
            switch self {
            case .int8, .uint8: 1
            case .int16, .uint16: 2
            case .uint32, .float: 4
            }
        }

        /// What a normalized number is divided by.
        var largest: Float {
            switch self {
            case .int8: 127
            case .uint8: 255
            case .int16: 32_767
            case .uint16: 65_535
            case .uint32, .float: 1
            }
        }
    }

    /// The type of one element.
    struct Element {
        var shape: AccessorReader.Shape
        var component: Component

        /// Its bytes; columns of small matrices start at multiples of four (glTF 2.0, 3.6.2.4).
        var size: Int {
            switch (self.shape, self.component.size) {
            case (.matrix2, 1): 6
            case (.matrix3, 1): 11
            case (.matrix3, 2): 22
            default: self.shape.count * self.component.size
            }
        }

        /// Byte offset of each number.
        var offsets: [Int] {
            let size = self.component.size
            return switch (self.shape, size) {
            case (.matrix2, 1): [0, 1, 4, 5]
            case (.matrix3, 1): [0, 1, 2, 4, 5, 6, 8, 9, 10]
            case (.matrix3, 2): [0, 2, 4, 8, 10, 12, 16, 18, 20]
            default: (0 ..< self.shape.count).map { $0 * size }
            }
        }

        /// Whether numbers follow each other without gaps.
        var isPlain: Bool { self.size == self.shape.count * self.component.size }
    }

    let bytes: ByteView
    let count: Int
    private let stride: Int
    private let element: Element

    /// Refuses elements that do not all lie within the bytes.
    init(
        _ bytes: ByteView,
        offset: Int,
        count: Int,
        stride: Int,
        element: Element,
        place: String
    ) throws(ImportError) {
        self.stride = stride
        self.element = element
        self.count = max(count, 0)
        guard count > 0 else {
            self.bytes = .empty
            return
        }
        let (span, spanOverflow) = (count - 1).multipliedReportingOverflow(by: stride)
        let (size, sizeOverflow) = span.addingReportingOverflow(element.size)
        guard offset >= 0, offset <= bytes.count, !spanOverflow, !sizeOverflow, size <= bytes.count - offset else {
            throw ImportError(
                .malformed,
                "\(place) claims \(count) elements of \(element.size) bytes at offset \(offset), "
                    + "its buffer view has \(bytes.count) bytes"
            )
        }
        self.bytes = bytes[offset ..< offset + size]
    }

    /// All numbers as they are, or divided so that they lie in 0...1 or -1...1.
    func floats(isNormalized: Bool) -> [Float] {
        let total = self.count * self.element.shape.count
        return [Float](unsafeUninitializedCapacity: total) { output, written in
            LargePages.ask(for: UnsafeMutableRawBufferPointer(output))
            self.bytes.withUnsafeBytes { input in
                guard total > 0, let target = output.baseAddress else { return }
                switch self.element.component {
                case .float:
                    self.copyFloats(input, to: target)
                case .int8:
                    self.convert(input, Int8.self, to: target, scale: isNormalized ? 127 : nil)
                case .uint8:
                    self.convert(input, UInt8.self, to: target, scale: isNormalized ? 255 : nil)
                case .int16:
                    self.convert(input, Int16.self, to: target, scale: isNormalized ? 32_767 : nil)
                case .uint16:
                    self.convert(input, UInt16.self, to: target, scale: isNormalized ? 65_535 : nil)
                case .uint32:
                    self.convert(input, UInt32.self, to: target, scale: nil)
                }
                written = total
            }
        }
    }

    /// All numbers of an unsigned type.
    func integers() -> [UInt32] {
        let total = self.count * self.element.shape.count
        return [UInt32](unsafeUninitializedCapacity: total) { output, written in
            LargePages.ask(for: UnsafeMutableRawBufferPointer(output))
            self.bytes.withUnsafeBytes { input in
                guard total > 0, let target = output.baseAddress else { return }
                switch self.element.component {
                case .uint8, .int8: self.widen(input, UInt8.self, to: target)
                case .uint16, .int16: self.widen(input, UInt16.self, to: target)
                case .uint32, .float:
                    if self.stride == self.element.size {
                        UnsafeMutableRawBufferPointer(output).copyMemory(from: input)
                    } else {
                        self.widen(input, UInt32.self, to: target)
                    }
                }
                written = total
            }
        }
    }

    private func copyFloats(_ input: UnsafeRawBufferPointer, to target: UnsafeMutablePointer<Float>) {
        guard let source = input.baseAddress else { return }
        let raw = UnsafeMutableRawPointer(target)
        let size = self.element.size
        if self.stride == size {
            raw.copyMemory(from: source, byteCount: self.count * size)
        } else if size == 12 {
            for i in 0 ..< self.count {
                let from = source + i &* self.stride
                target[3 &* i] = from.loadUnaligned(as: Float.self)
                target[3 &* i &+ 1] = from.loadUnaligned(fromByteOffset: 4, as: Float.self)
                target[3 &* i &+ 2] = from.loadUnaligned(fromByteOffset: 8, as: Float.self)
            }
        } else {
            for i in 0 ..< self.count {
                (raw + i &* size).copyMemory(from: source + i &* self.stride, byteCount: size)
            }
        }
    }

    @inline(__always)
    private func convert<Number: FixedWidthInteger>(
        _ input: UnsafeRawBufferPointer,
        _ type: Number.Type,
        to target: UnsafeMutablePointer<Float>,
        scale: Float?
    ) {
        guard let source = input.baseAddress else { return }
        let divisor = scale ?? 1
        // -128 and -32,768 are below what a normalized number can be.
        let least = scale == nil ? -Float.greatestFiniteMagnitude : -1
        let width = self.element.shape.count
        if self.element.isPlain {
            for i in 0 ..< self.count {
                let from = source + i &* self.stride
                for k in 0 ..< width {
                    let number = from.loadUnaligned(fromByteOffset: k &* MemoryLayout<Number>.size, as: Number.self)
                    let value = Float(Number(littleEndian: number)) / divisor
                    target[i &* width &+ k] = value < least ? least : value
                }
            }
            return
        }
        let offsets = self.element.offsets
        for i in 0 ..< self.count {
            for k in 0 ..< width {
                let number = source.loadUnaligned(fromByteOffset: i &* self.stride &+ offsets[k], as: Number.self)
                let value = Float(Number(littleEndian: number)) / divisor
                target[i &* width &+ k] = value < least ? least : value
            }
        }
    }

    @inline(__always)
    private func widen<Number: FixedWidthInteger & UnsignedInteger>(
        _ input: UnsafeRawBufferPointer,
        _ type: Number.Type,
        to target: UnsafeMutablePointer<UInt32>
    ) {
        guard let source = input.baseAddress else { return }
        let width = self.element.shape.count
        for i in 0 ..< self.count {
            let from = source + i &* self.stride
            for k in 0 ..< width {
                let number = from.loadUnaligned(fromByteOffset: k &* MemoryLayout<Number>.size, as: Number.self)
                target[i &* width &+ k] = UInt32(truncatingIfNeeded: Number(littleEndian: number))
            }
        }
    }
}

extension [Float] {
    /// The position of the first number that is infinite or none.
    var firstNotFinite: Int? {
        let isFine = self.withUnsafeBufferPointer { values in
            var largest: UInt32 = 0
            for value in values {
                let bits = value.bitPattern & 0x7FFF_FFFF
                largest = bits > largest ? bits : largest
            }
            return largest < 0x7F80_0000
        }
        return isFine ? nil : self.firstIndex { !$0.isFinite }
    }
}

extension [UInt32] {
    /// The largest of the numbers, zero without any.
    var largest: UInt32 {
        self.withUnsafeBufferPointer { values in
            var largest: UInt32 = 0
            for value in values { largest = value > largest ? value : largest }
            return largest
        }
    }
}
