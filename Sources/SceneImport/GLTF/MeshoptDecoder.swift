import CMeshoptimizer

/// `EXT_meshopt_compression` and the streams of `KHR_meshopt_compression` that share its format, by meshoptimizer.
enum MeshoptDecoder {
    /// The decoded view: `count` elements of `byteStride` bytes.
    static func decode(
        _ source: ByteView,
        _ compression: GLTF.MeshoptCompression,
        limits: ImportLimits
    ) throws(ImportError) -> [UInt8] {
        let stride = compression.byteStride
        let count = compression.count
        guard stride > 0, stride <= 256, count >= 0 else {
            throw ImportError(.malformed, "it claims \(count) elements of \(stride) bytes")
        }
        let (size, overflow) = count.multipliedReportingOverflow(by: stride)
        // The codec reaches about one bit for each byte; more is a bomb.
        guard !overflow, size <= limits.maxResourceBytes, size / 512 <= source.count + 4_096 else {
            throw ImportError(
                .tooLarge,
                "it claims \(count) elements of \(stride) bytes in \(source.count) bytes, which is not plausible"
            )
        }
        let filter = compression.filter ?? "NONE"
        try self.check(compression.mode, filter, stride: stride, count: count)
        guard count > 0 else { return [] }
        var code: Int32 = -1
        let decoded = [UInt8](unsafeUninitializedCapacity: size) { output, written in
            code = source.withUnsafeBytes { input in
                let from = input.bindMemory(to: UInt8.self).baseAddress
                return switch compression.mode {
                case "ATTRIBUTES": meshopt_decodeVertexBuffer(output.baseAddress, count, stride, from, input.count)
                case "TRIANGLES": meshopt_decodeIndexBuffer(output.baseAddress, count, stride, from, input.count)
                default: meshopt_decodeIndexSequence(output.baseAddress, count, stride, from, input.count)
                }
            }
            guard code == 0 else { return }
            switch filter {
            case "OCTAHEDRAL": meshopt_decodeFilterOct(output.baseAddress, count, stride)
            case "QUATERNION": meshopt_decodeFilterQuat(output.baseAddress, count, stride)
            case "EXPONENTIAL": meshopt_decodeFilterExp(output.baseAddress, count, stride)
            default: break
            }
            written = size
        }
        guard code == 0 else {
            // -1 stands for another version of the stream, all else for damage.
            throw code == -1
                ? ImportError(.unsupported, "its data is of a newer version than is read: compress it with version 0")
                : ImportError(.malformed, "its data is damaged (meshoptimizer: \(code)): export the file again")
        }
        return decoded
    }

    /// What the specification asks of each mode and filter, which the library takes for granted.
    private static func check(_ mode: String, _ filter: String, stride: Int, count: Int) throws(ImportError) {
        let isSound =
            switch mode {
            case "ATTRIBUTES": stride % 4 == 0
            case "TRIANGLES": (stride == 2 || stride == 4) && count % 3 == 0
            case "INDICES": stride == 2 || stride == 4
            default: false
            }
        guard isSound else {
            throw ImportError(
                .malformed,
                "its mode \"\(ResourceLoader.shortened(mode))\" does not go with \(count) elements of \(stride) bytes"
            )
        }
        let isFilterSound =
            switch filter {
            case "NONE": true
            case "OCTAHEDRAL": mode == "ATTRIBUTES" && (stride == 4 || stride == 8)
            case "QUATERNION": mode == "ATTRIBUTES" && stride == 8
            case "EXPONENTIAL": mode == "ATTRIBUTES"
            default: false
            }
        guard isFilterSound else {
            throw ImportError(
                .unsupported,
                "its filter \"\(ResourceLoader.shortened(filter))\" is not read with elements of \(stride) bytes"
            )
        }
    }
}
