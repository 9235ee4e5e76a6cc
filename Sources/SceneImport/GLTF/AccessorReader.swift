/// Reads typed numbers out of a document's buffers (glTF 2.0, section 3.6).
///
/// Nothing is allocated before the accessor's bytes are known to be there; all sums and products of the file's numbers
/// are checked for overflow.
struct AccessorReader {
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

    private let document: GLTF.Document
    let views: BufferViews

    init(document: GLTF.Document, views: BufferViews) {
        self.document = document
        self.views = views
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

    /// What the integers of an accessor are divided by: 1 unless it is normalized.
    func divisor(of index: Int) throws(ImportError) -> Float {
        let accessor = try self.accessor(index)
        let component = try self.component(accessor.componentType, of: "accessor \(index)")
        return accessor.normalized == true ? component.largest : 1
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
        let isNormalized = accessor.normalized ?? false
        var values: [Float]
        if let layout = try self.layout(of: index) {
            values = layout.floats(isNormalized: isNormalized)
        } else {
            values = [Float](repeating: 0, count: accessor.count * shape.count)
        }
        if let sparse = accessor.sparse {
            let elements = ElementLayout.Element(shape: shape, component: component)
            let (positions, replacements) = try self.sparse(sparse, of: index, accessor.count, elements)
            let new = replacements.floats(isNormalized: isNormalized)
            for (i, position) in positions.enumerated() {
                for j in 0 ..< shape.count { values[Int(position) * shape.count + j] = new[i * shape.count + j] }
            }
        }
        if let bad = values.firstNotFinite {
            throw ImportError(
                .malformed,
                "element \(bad / shape.count) of accessor \(index) is \(values[bad]), which is no finite number"
            )
        }
        return values
    }

    /// The unsigned integers of an accessor.
    func integers(_ index: Int, shape: Shape = .scalar) throws(ImportError) -> [UInt32] {
        let accessor = try self.accessor(index)
        guard try self.shape(of: index) == shape, [5121, 5123, 5125].contains(accessor.componentType) else {
            throw ImportError(
                .malformed,
                "accessor \(index) does not hold unsigned whole numbers of type \(shape.rawValue)"
            )
        }
        var values: [UInt32]
        if let layout = try self.layout(of: index) {
            values = layout.integers()
        } else {
            values = [UInt32](repeating: 0, count: accessor.count * shape.count)
        }
        if let sparse = accessor.sparse {
            let component = try self.component(accessor.componentType, of: "accessor \(index)")
            let elements = ElementLayout.Element(shape: shape, component: component)
            let (positions, replacements) = try self.sparse(sparse, of: index, accessor.count, elements)
            let new = replacements.integers()
            for (i, position) in positions.enumerated() {
                for j in 0 ..< shape.count { values[Int(position) * shape.count + j] = new[i * shape.count + j] }
            }
        }
        return values
    }

    /// The bytes of a buffer view, for pictures and compressed geometry.
    func bytes(ofView index: Int) throws(ImportError) -> ByteView {
        try self.views.bytes(index)
    }

    private func accessor(_ index: Int) throws(ImportError) -> GLTF.Accessor {
        let accessors = self.document.accessors ?? []
        guard accessors.indices.contains(index) else {
            throw ImportError(.malformed, "there is no accessor \(index), the file has \(accessors.count)")
        }
        return accessors[index]
    }

    private func component(_ code: Int, of place: String) throws(ImportError) -> ElementLayout.Component {
        guard let component = ElementLayout.Component(code: code) else {
            throw ImportError(.malformed, "\(place) has the unknown component type \(code)")
        }
        return component
    }

    /// Where an accessor's elements lie, or nothing when they are zeros.
    private func layout(of index: Int) throws(ImportError) -> ElementLayout? {
        let accessor = try self.accessor(index)
        let count = try self.count(of: index)
        guard let viewIndex = accessor.bufferView else {
            try self.views.takeZeros(count)
            return nil
        }
        let element = ElementLayout.Element(
            shape: try self.shape(of: index),
            component: try self.component(accessor.componentType, of: "accessor \(index)")
        )
        var stride = element.size
        if let given = self.views.stride(viewIndex) {
            guard given >= element.size, given <= 65_536 else {
                throw ImportError(
                    .malformed,
                    "buffer view \(viewIndex) has a stride of \(given) bytes, its elements have \(element.size)"
                )
            }
            stride = given
        }
        return try ElementLayout(
            try self.views.bytes(viewIndex),
            offset: accessor.byteOffset ?? 0,
            count: count,
            stride: stride,
            element: element,
            place: "accessor \(index)"
        )
    }

    /// Which elements a sparse accessor replaces, and by what.
    private func sparse(
        _ sparse: GLTF.Sparse,
        of index: Int,
        _ count: Int,
        _ element: ElementLayout.Element
    ) throws(ImportError) -> (positions: [UInt32], values: ElementLayout) {
        let place = "the sparse part of accessor \(index)"
        guard sparse.count >= 0, sparse.count <= count, [5121, 5123, 5125].contains(sparse.indices.componentType)
        else {
            throw ImportError(.malformed, "\(place) has an impossible count or index type")
        }
        let indexElement = ElementLayout.Element(
            shape: .scalar,
            component: try self.component(sparse.indices.componentType, of: place)
        )
        let positions = try ElementLayout(
            try self.views.bytes(sparse.indices.bufferView),
            offset: sparse.indices.byteOffset ?? 0,
            count: sparse.count,
            stride: indexElement.size,
            element: indexElement,
            place: place
        ).integers()
        if let bad = positions.first(where: { $0 >= count }) {
            throw ImportError(.malformed, "\(place) replaces element \(bad) of \(count)")
        }
        let values = try ElementLayout(
            try self.views.bytes(sparse.values.bufferView),
            offset: sparse.values.byteOffset ?? 0,
            count: sparse.count,
            stride: element.size,
            element: element,
            place: place
        )
        return (positions, values)
    }
}

extension Array {
    /// The element at an index that may not exist.
    subscript(checked index: Int) -> Element? {
        self.indices.contains(index) ? self[index] : nil
    }
}
