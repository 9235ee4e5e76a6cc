/// Reads typed numbers out of a document's buffers (glTF 2.0, section 3.6).
///
/// Nothing is allocated before the accessor's bytes are known to be there; all sums and products of the file's numbers
/// are checked for overflow.
final class AccessorReader {
    /// The shape of one element.
    enum Shape: String {
        case scalar = "SCALAR"
        case vector2 = "VEC2"
        case vector3 = "VEC3"
        case vector4 = "VEC4"
        case matrix2 = "MAT2"
        case matrix3 = "MAT3"
        case matrix4 = "MAT4"

        /// Numbers in an element.
        var count: Int {
            switch self {
            case .scalar: 1
            case .vector2: 2
            case .vector3: 3
            case .vector4, .matrix2: 4
            case .matrix3: 9
            case .matrix4: 16
            }
        }
    }

    private enum Component {
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
    }

    /// Where the elements of something lie, checked.
    private struct Layout {
        var bytes: ArraySlice<UInt8>
        var stride: Int
        var count: Int
    }

    private let document: GLTF.Document
    private let buffers: [ArraySlice<UInt8>]
    private let limits: ImportLimits

    /// Loads all buffers: `binary` is the BIN chunk of a GLB file.
    init(
        document: GLTF.Document,
        binary: ArraySlice<UInt8>?,
        resources: inout ResourceLoader,
        limits: ImportLimits
    ) throws(ImportError) {
        self.document = document
        self.limits = limits
        var buffers: [ArraySlice<UInt8>] = []
        for (index, buffer) in (document.buffers ?? []).enumerated() {
            let bytes: ArraySlice<UInt8>
            if let uri = buffer.uri {
                do throws(ImportError) {
                    bytes = try resources.load(uri)[...]
                } catch {
                    throw error.located(at: "buffer \(index)")
                }
            } else if index == 0, let binary {
                bytes = binary
            } else {
                throw ImportError(
                    .malformed,
                    "buffer \(index) has neither a URI nor a GLB chunk: export the file again"
                )
            }
            guard buffer.byteLength >= 0, buffer.byteLength <= bytes.count else {
                throw ImportError(
                    .malformed,
                    "buffer \(index) claims \(buffer.byteLength) bytes and has \(bytes.count): the file is cut off"
                )
            }
            buffers.append(bytes.prefix(buffer.byteLength))
        }
        self.buffers = buffers
    }

    /// The number of elements of an accessor.
    func count(of index: Int) throws(ImportError) -> Int {
        let count = try self.accessor(index).count
        guard count >= 0 else {
            throw ImportError(.malformed, "accessor \(index) has a negative count, \(count)")
        }
        return count
    }

    /// The shape of an accessor's elements.
    func shape(of index: Int) throws(ImportError) -> Shape {
        let name = try self.accessor(index).type
        guard let shape = Shape(rawValue: name) else {
            throw ImportError(
                .malformed,
                "accessor \(index) is of the unknown type \"\(ResourceLoader.shortened(name))\""
            )
        }
        return shape
    }

    /// All numbers of an accessor, element by element; integers are scaled to 0...1 or -1...1 when it says so.
    ///
    /// Refuses infinities and what is not a number, since nothing that is drawn may be either.
    func floats(_ index: Int, shape: Shape) throws(ImportError) -> [Float] {
        let accessor = try self.accessor(index)
        guard try self.shape(of: index) == shape else {
            throw ImportError(
                .malformed,
                "accessor \(index) is of type \(accessor.type) where \(shape.rawValue) belongs"
            )
        }
        let component = try self.component(accessor.componentType, of: "accessor \(index)")
        var values: [Float]
        if let layout = try self.layout(of: index) {
            values = self.numbers(layout, shape: shape, component: component, accessor: accessor)
        } else {
            values = [Float](repeating: 0, count: accessor.count * shape.count)
        }
        if let sparse = accessor.sparse {
            try self.apply(sparse, of: index, to: &values, shape: shape, component: component, accessor: accessor)
        }
        if let bad = values.firstIndex(where: { !$0.isFinite }) {
            throw ImportError(
                .malformed,
                "element \(bad / shape.count) of accessor \(index) is \(values[bad]), which is no finite number"
            )
        }
        return values
    }

    /// The unsigned integers of a scalar accessor.
    func integers(_ index: Int) throws(ImportError) -> [UInt32] {
        let accessor = try self.accessor(index)
        guard try self.shape(of: index) == .scalar, [5121, 5123, 5125].contains(accessor.componentType) else {
            throw ImportError(.malformed, "accessor \(index) does not hold unsigned whole numbers, which indices are")
        }
        guard accessor.sparse == nil else {
            throw ImportError(.unsupported, "accessor \(index) holds sparse indices, which are not read")
        }
        guard let layout = try self.layout(of: index) else {
            return [UInt32](repeating: 0, count: accessor.count)
        }
        return self.integers(layout, component: try self.component(accessor.componentType, of: "accessor \(index)"))
    }

    /// The bytes of a buffer view, for pictures.
    func bytes(ofView index: Int) throws(ImportError) -> [UInt8] {
        Array(try self.view(index))
    }

    private func accessor(_ index: Int) throws(ImportError) -> GLTF.Accessor {
        let accessors = self.document.accessors ?? []
        guard accessors.indices.contains(index) else {
            throw ImportError(.malformed, "there is no accessor \(index), the file has \(accessors.count)")
        }
        return accessors[index]
    }

    private func component(_ code: Int, of place: String) throws(ImportError) -> Component {
        guard let component = Component(code: code) else {
            throw ImportError(.malformed, "\(place) has the unknown component type \(code)")
        }
        return component
    }

    private func view(_ index: Int) throws(ImportError) -> ArraySlice<UInt8> {
        let views = self.document.bufferViews ?? []
        guard views.indices.contains(index) else {
            throw ImportError(.malformed, "there is no buffer view \(index), the file has \(views.count)")
        }
        let view = views[index]
        guard self.buffers.indices.contains(view.buffer) else {
            throw ImportError(.malformed, "buffer view \(index) names buffer \(view.buffer), which does not exist")
        }
        let buffer = self.buffers[view.buffer]
        let offset = view.byteOffset ?? 0
        guard offset >= 0, view.byteLength >= 0, offset <= buffer.count, view.byteLength <= buffer.count - offset else {
            throw ImportError(
                .malformed,
                "buffer view \(index) claims \(view.byteLength) bytes at \(offset) of buffer \(view.buffer), "
                    + "which has \(buffer.count)"
            )
        }
        let start = buffer.startIndex + offset
        return buffer[start ..< start + view.byteLength]
    }

    /// Where an accessor's elements lie, or nothing when they are zeros.
    private func layout(of index: Int) throws(ImportError) -> Layout? {
        let accessor = try self.accessor(index)
        let count = try self.count(of: index)
        guard let viewIndex = accessor.bufferView else {
            guard count <= self.limits.maxZeroElements else {
                throw ImportError(
                    .tooLarge,
                    "accessor \(index) claims \(count) elements without any bytes, "
                        + "\(self.limits.maxZeroElements) are allowed"
                )
            }
            return nil
        }
        let component = try self.component(accessor.componentType, of: "accessor \(index)")
        let shape = try self.shape(of: index)
        let elementSize = Self.elementSize(shape, component)
        var stride = elementSize
        if let given = (self.document.bufferViews ?? [])[checked: viewIndex]?.byteStride, given != 0 {
            guard given >= elementSize, given <= 65_536 else {
                throw ImportError(
                    .malformed,
                    "buffer view \(viewIndex) has a stride of \(given) bytes, its elements have \(elementSize)"
                )
            }
            stride = given
        }
        let bytes = try self.view(viewIndex)
        return try self.layout(
            bytes,
            offset: accessor.byteOffset ?? 0,
            count: count,
            stride: stride,
            elementSize: elementSize,
            place: "accessor \(index)"
        )
    }

    private func layout(
        _ bytes: ArraySlice<UInt8>,
        offset: Int,
        count: Int,
        stride: Int,
        elementSize: Int,
        place: String
    ) throws(ImportError) -> Layout {
        guard count > 0 else {
            return Layout(bytes: bytes.prefix(0), stride: stride, count: 0)
        }
        let (span, spanOverflow) = (count - 1).multipliedReportingOverflow(by: stride)
        let (size, sizeOverflow) = span.addingReportingOverflow(elementSize)
        guard offset >= 0, offset <= bytes.count, !spanOverflow, !sizeOverflow, size <= bytes.count - offset else {
            throw ImportError(
                .malformed,
                "\(place) claims \(count) elements of \(elementSize) bytes at offset \(offset), "
                    + "its buffer view has \(bytes.count) bytes"
            )
        }
        let start = bytes.startIndex + offset
        return Layout(bytes: bytes[start ..< start + size], stride: stride, count: count)
    }

    /// Bytes of one element; columns of small matrices start at multiples of four (glTF 2.0, 3.6.2.4).
    private static func elementSize(_ shape: Shape, _ component: Component) -> Int {
        switch (shape, component.size) {
        case (.matrix2, 1): 6
        case (.matrix3, 1): 11
        case (.matrix3, 2): 22
        default: shape.count * component.size
        }
    }

    /// Byte offset of each number in an element.
    private static func offsets(_ shape: Shape, _ component: Component) -> [Int] {
        let size = component.size
        switch (shape, size) {
        case (.matrix2, 1): return [0, 1, 4, 5]
        case (.matrix3, 1): return [0, 1, 2, 4, 5, 6, 8, 9, 10]
        case (.matrix3, 2): return [0, 2, 4, 8, 10, 12, 16, 18, 20]
        default: return (0 ..< shape.count).map { $0 * size }
        }
    }

    private func numbers(
        _ layout: Layout,
        shape: Shape,
        component: Component,
        accessor: GLTF.Accessor
    ) -> [Float] {
        let offsets = Self.offsets(shape, component)
        let isNormalized = accessor.normalized ?? false
        var values: [Float] = []
        values.reserveCapacity(layout.count * offsets.count)
        layout.bytes.withUnsafeBytes { bytes in
            for element in 0 ..< layout.count {
                let start = element * layout.stride
                for offset in offsets {
                    values.append(Self.number(bytes, at: start + offset, component, isNormalized: isNormalized))
                }
            }
        }
        return values
    }

    /// One number at an offset that the layout has checked.
    private static func number(
        _ bytes: UnsafeRawBufferPointer,
        at offset: Int,
        _ component: Component,
        isNormalized: Bool
    ) -> Float {
        func load<Value: FixedWidthInteger>(_ type: Value.Type) -> Value {
            Value(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: type))
        }
        switch component {
        case .float:
            return Float(bitPattern: load(UInt32.self))
        case .int8:
            let value = Float(load(Int8.self))
            return isNormalized ? max(value / 127, -1) : value
        case .uint8:
            let value = Float(load(UInt8.self))
            return isNormalized ? value / 255 : value
        case .int16:
            let value = Float(load(Int16.self))
            return isNormalized ? max(value / 32_767, -1) : value
        case .uint16:
            let value = Float(load(UInt16.self))
            return isNormalized ? value / 65_535 : value
        case .uint32:
            return Float(load(UInt32.self))
        }
    }

    private func integers(_ layout: Layout, component: Component) -> [UInt32] {
        var values: [UInt32] = []
        values.reserveCapacity(layout.count)
        layout.bytes.withUnsafeBytes { bytes in
            for element in 0 ..< layout.count {
                let at = element * layout.stride
                switch component {
                case .uint8, .int8:
                    values.append(UInt32(bytes[at]))
                case .uint16, .int16:
                    values.append(
                        UInt32(UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt16.self)))
                    )
                case .uint32, .float:
                    values.append(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt32.self)))
                }
            }
        }
        return values
    }

    private func apply(
        _ sparse: GLTF.Sparse,
        of index: Int,
        to values: inout [Float],
        shape: Shape,
        component: Component,
        accessor: GLTF.Accessor
    ) throws(ImportError) {
        let place = "the sparse part of accessor \(index)"
        guard sparse.count >= 0, sparse.count <= accessor.count,
            [5121, 5123, 5125].contains(sparse.indices.componentType)
        else {
            throw ImportError(.malformed, "\(place) has an impossible count or index type")
        }
        let indexComponent = try self.component(sparse.indices.componentType, of: place)
        let positions = self.integers(
            try self.layout(
                try self.view(sparse.indices.bufferView),
                offset: sparse.indices.byteOffset ?? 0,
                count: sparse.count,
                stride: indexComponent.size,
                elementSize: indexComponent.size,
                place: place
            ),
            component: indexComponent
        )
        let elementSize = Self.elementSize(shape, component)
        let replacements = self.numbers(
            try self.layout(
                try self.view(sparse.values.bufferView),
                offset: sparse.values.byteOffset ?? 0,
                count: sparse.count,
                stride: elementSize,
                elementSize: elementSize,
                place: place
            ),
            shape: shape,
            component: component,
            accessor: accessor
        )
        for (i, position) in positions.enumerated() {
            guard position < accessor.count else {
                throw ImportError(.malformed, "\(place) replaces element \(position) of \(accessor.count)")
            }
            for j in 0 ..< shape.count {
                values[Int(position) * shape.count + j] = replacements[i * shape.count + j]
            }
        }
    }
}

extension Array {
    /// The element at an index that may not exist.
    subscript(checked index: Int) -> Element? {
        self.indices.contains(index) ? self[index] : nil
    }
}
