import COpenEXRShim

/// OpenEXR's C++ library behind a C interface that returns codes.
enum OpenEXRLibrary {
    /// A file of parts that have been checked.
    static func encode(
        _ parts: [OpenEXRPart],
        width: Int,
        height: Int,
        attributes: [String: String]
    ) throws(ImageError) -> [UInt8] {
        // Everything that the library reads lies in memory of this arena until it is done.
        var arena = Arena()
        defer { arena.free() }
        let channels = parts.map { part in part.channels.map { arena.channel($0, width: width) } }
        var records: [tessera_exr_part] = []
        for (part, own) in zip(parts, channels) {
            records.append(
                tessera_exr_part(
                    name: arena.text(part.name),
                    compression: part.compression.code,
                    channels: UnsafePointer(arena.copy(own)),
                    channel_count: own.count
                )
            )
        }
        let texts = attributes.sorted { $0.key < $1.key }
            .map { tessera_exr_attribute(name: arena.text($0.key), text: arena.text($0.value)) }
        var reason = [CChar](repeating: 0, count: 256)
        var memory = tessera_exr_memory()
        let isEncoded = tessera_exr_encode(
            Int32(width),
            Int32(height),
            records,
            records.count,
            texts,
            texts.count,
            &memory,
            &reason,
            reason.count
        )
        guard isEncoded != 0 else {
            throw ImageError(.encodingFailed, "the OpenEXR picture was not encoded (OpenEXR: \(self.text(reason)))")
        }
        defer { tessera_exr_free(memory) }
        return Array(UnsafeRawBufferPointer(start: memory.bytes, count: memory.size))
    }

    /// The red, green and blue of a file that came from anywhere.
    static func decode(_ bytes: [UInt8], limits: ImageLimits) throws(ImageError) -> Picture {
        var reason = [CChar](repeating: 0, count: 256)
        var width: Int64 = 0
        var height: Int64 = 0
        guard tessera_exr_size(bytes, bytes.count, &width, &height, &reason, reason.count) != 0 else {
            throw ImageError(.malformed, "the OpenEXR picture is damaged (OpenEXR: \(self.text(reason)))")
        }
        try limits.check(
            width: Int(width),
            height: Int(height),
            encodedBytes: bytes.count,
            pixelsPerByte: limits.maxOpenEXRPixelsPerByte,
            format: "OpenEXR"
        )
        var pixels = [Float](repeating: 0, count: 3 * Int(width) * Int(height))
        guard tessera_exr_decode(bytes, bytes.count, width, height, &pixels, &reason, reason.count) != 0 else {
            throw ImageError(.malformed, "the OpenEXR picture cannot be read (OpenEXR: \(self.text(reason)))")
        }
        return Picture(width: Int(width), height: Int(height), pixels: pixels)
    }

    private static func text(_ reason: [CChar]) -> String {
        String(decoding: reason.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

extension OpenEXREncoder.Compression {
    fileprivate var code: Int32 {
        switch self {
        case .none: Int32(tessera_exr_none)
        case .zip: Int32(tessera_exr_zip)
        case .dwaa: Int32(tessera_exr_dwaa)
        }
    }
}

/// Memory for one call of the library.
private struct Arena {
    private var blocks: [UnsafeMutableRawPointer] = []

    mutating func copy<Value: BitwiseCopyable>(_ values: [Value]) -> UnsafeMutablePointer<Value> {
        let block = UnsafeMutablePointer<Value>.allocate(capacity: max(values.count, 1))
        block.initialize(from: values, count: values.count)
        self.blocks.append(UnsafeMutableRawPointer(block))
        return block
    }

    mutating func text(_ text: String) -> UnsafePointer<CChar> {
        UnsafePointer(self.copy(Array(text.utf8CString)))
    }

    mutating func channel(_ channel: PictureChannel, width: Int) -> tessera_exr_channel {
        let (sample, values): (Int, UnsafeRawPointer) =
            switch channel.values {
            case .half(let values): (tessera_exr_half, UnsafeRawPointer(self.copy(values)))
            case .float(let values): (tessera_exr_float, UnsafeRawPointer(self.copy(values)))
            case .words(let values): (tessera_exr_uint, UnsafeRawPointer(self.copy(values)))
            }
        return tessera_exr_channel(
            name: self.text(channel.name),
            sample: Int32(sample),
            values: values,
            pixel_stride: 1,
            row_stride: width
        )
    }

    func free() {
        for block in self.blocks { block.deallocate() }
    }
}
