/// The buffers of a document and the views of them (glTF 2.0, section 3.6.1).
///
/// Views with `EXT_meshopt_compression` are decoded when they are asked for; the last ones are kept, since a view often
/// holds several accessors.
final class BufferViews {
    private let document: GLTF.Document
    /// Nothing for the fallback of compressed views, which nobody needs.
    private let buffers: [ByteView?]
    private let limits: ImportLimits
    private var zerosLeft: Int
    private var decoded: [(view: Int, bytes: ByteView)] = []

    /// How many decoded views are kept.
    private static let decodedMax = 8

    /// Loads all buffers: `binary` is the BIN chunk of a GLB file.
    init(
        document: GLTF.Document,
        binary: ByteView?,
        resources: inout ResourceLoader,
        limits: ImportLimits
    ) throws(ImportError) {
        self.document = document
        self.limits = limits
        self.zerosLeft = limits.maxZeroElements
        var buffers: [ByteView?] = []
        for (index, buffer) in (document.buffers ?? []).enumerated() {
            if buffer.extensions?.isFallback == true {
                buffers.append(nil)
                continue
            }
            let bytes: ByteView
            if let uri = buffer.uri {
                do throws(ImportError) {
                    bytes = try resources.load(uri)
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
            buffers.append(bytes[0 ..< buffer.byteLength])
        }
        self.buffers = buffers
    }

    /// The bytes of a view.
    func bytes(_ index: Int) throws(ImportError) -> ByteView {
        let views = self.document.bufferViews ?? []
        guard let view = views[checked: index] else {
            throw ImportError(.malformed, "there is no buffer view \(index), the file has \(views.count)")
        }
        if let compression = view.extensions?.meshopt {
            if let known = self.decoded.first(where: { $0.view == index }) { return known.bytes }
            do throws(ImportError) {
                let source = try self.part(
                    ofBuffer: compression.buffer,
                    offset: compression.byteOffset ?? 0,
                    length: compression.byteLength
                )
                let bytes = ByteView(try MeshoptDecoder.decode(source, compression, limits: self.limits))
                if self.decoded.count >= Self.decodedMax { self.decoded.removeFirst() }
                self.decoded.append((index, bytes))
                return bytes
            } catch {
                throw error.located(at: "compressed buffer view \(index)")
            }
        }
        do throws(ImportError) {
            return try self.part(ofBuffer: view.buffer, offset: view.byteOffset ?? 0, length: view.byteLength)
        } catch {
            throw error.located(at: "buffer view \(index)")
        }
    }

    /// Gives back the memory of what was read of files; it is read again when it is looked at again.
    func releasePages() {
        for case .some(let buffer) in self.buffers { buffer.releasePages() }
    }

    /// Begins to count elements that no bytes stand behind anew: a mesh is read a second time.
    func forgetZeros() {
        self.zerosLeft = self.limits.maxZeroElements
    }

    /// Counts elements that no bytes stand behind.
    func takeZeros(_ count: Int) throws(ImportError) {
        guard count <= self.zerosLeft else {
            throw ImportError(
                .tooLarge,
                "accessors without any bytes claim more than \(self.limits.maxZeroElements) elements",
                limit: .zeros
            )
        }
        self.zerosLeft -= count
    }

    /// The distance of elements in a view, where it says one.
    func stride(_ index: Int) -> Int? {
        guard let view = (self.document.bufferViews ?? [])[checked: index] else { return nil }
        let stride = view.extensions?.meshopt?.byteStride ?? view.byteStride
        return stride == 0 ? nil : stride
    }

    private func part(ofBuffer index: Int, offset: Int, length: Int) throws(ImportError) -> ByteView {
        guard self.buffers.indices.contains(index) else {
            throw ImportError(.malformed, "it names buffer \(index), which does not exist")
        }
        guard let buffer = self.buffers[index] else {
            throw ImportError(.malformed, "it lies in buffer \(index), which only stands in for compressed data")
        }
        guard offset >= 0, length >= 0, offset <= buffer.count, length <= buffer.count - offset else {
            throw ImportError(
                .malformed,
                "it claims \(length) bytes at \(offset) of buffer \(index), which has \(buffer.count)"
            )
        }
        return buffer[offset ..< offset + length]
    }
}
