import COpenEXR

/// One OpenEXR write context whose file is memory.
///
/// A class, since the library's write function reaches it through a pointer. Used by one thread.
final class OpenEXRFile {
    struct Failure: Error {
        let reason: String
    }

    /// What has been written.
    private(set) var bytes: [UInt8] = []
    private var context: exr_context_t?

    deinit {
        if self.context != nil { exr_finish(&self.context) }
    }

    func open() throws(Failure) {
        var initializer = tessera_exr_default_initializer()
        initializer.user_data = Unmanaged.passUnretained(self).toOpaque()
        // Without a handler the library prints to standard error; codes say enough.
        initializer.error_handler_fn = { _, _, _ in }
        // exr_finish, at the latest in deinit, is the last that calls this: the pointer is good until then.
        initializer.write_fn = { _, userData, buffer, size, offset, _ in
            guard let userData, let buffer else { return -1 }
            let file = Unmanaged<OpenEXRFile>.fromOpaque(userData).takeUnretainedValue()
            return file.store(UnsafeRawBufferPointer(start: buffer, count: Int(size)), at: Int(offset))
        }
        try self.check(exr_start_write(&self.context, "memory", EXR_WRITE_FILE_DIRECTLY, &initializer))
    }

    private func store(_ data: UnsafeRawBufferPointer, at offset: Int) -> Int64 {
        let end = offset + data.count
        if self.bytes.count < end {
            self.bytes.append(contentsOf: repeatElement(0, count: end - self.bytes.count))
        }
        self.bytes.withUnsafeMutableBytes { $0[offset ..< end].copyBytes(from: data) }
        return Int64(data.count)
    }

    func define(
        _ picture: Picture,
        pixelType: exr_pixel_type_t,
        compression: exr_compression_t,
        attributes: [String: String]
    ) throws(Failure) {
        var part: Int32 = -1
        try self.check(exr_add_part(self.context, "beauty", EXR_STORAGE_SCANLINE, &part))
        try self.check(
            exr_initialize_required_attr_simple(
                self.context,
                part,
                Int32(picture.width),
                Int32(picture.height),
                compression
            )
        )
        for name in ["R", "G", "B"] {
            try self.check(exr_add_channel(self.context, part, name, pixelType, EXR_PERCEPTUALLY_LOGARITHMIC, 1, 1))
        }
        for (name, text) in attributes.sorted(by: { $0.key < $1.key }) {
            try self.check(exr_attr_set_string(self.context, part, name, text))
        }
        try self.check(exr_write_header(self.context))
    }

    func write(_ picture: Picture) throws(Failure) {
        var rowsPerChunk: Int32 = 0
        try self.check(exr_get_scanlines_per_chunk(self.context, 0, &rowsPerChunk))
        var pipeline = exr_encode_pipeline_t()
        defer { exr_encoding_destroy(self.context, &pipeline) }
        for y in stride(from: 0, to: picture.height, by: Int(rowsPerChunk)) {
            var chunk = exr_chunk_info_t()
            try self.check(exr_write_scanline_chunk_info(self.context, 0, Int32(y), &chunk))
            if y == 0 {
                try self.check(exr_encoding_initialize(self.context, 0, &chunk, &pipeline))
            } else {
                try self.check(exr_encoding_update(self.context, 0, &chunk, &pipeline))
            }
            let result = picture.pixels.withUnsafeBytes { pixels -> exr_result_t in
                for i in 0 ..< Int(pipeline.channel_count) {
                    // The file has its channels in the order of their names.
                    let component = self.component(of: pipeline.channels[i])
                    pipeline.channels[i].encode_from_ptr =
                        pixels.baseAddress?.advanced(by: 4 * (3 * y * picture.width + component))
                        .assumingMemoryBound(to: UInt8.self)
                    pipeline.channels[i].user_pixel_stride = 12
                    pipeline.channels[i].user_line_stride = Int32(12 * picture.width)
                    pipeline.channels[i].user_bytes_per_element = 4
                    pipeline.channels[i].user_data_type = UInt16(EXR_PIXEL_FLOAT.rawValue)
                }
                if y == 0 {
                    let chosen = exr_encoding_choose_default_routines(self.context, 0, &pipeline)
                    guard chosen == 0 else { return chosen }
                }
                return exr_encoding_run(self.context, 0, &pipeline)
            }
            try self.check(result)
        }
    }

    /// Completes the file with its table of rows and ends the context.
    func finish() throws(Failure) {
        defer { self.context = nil }
        try self.check(exr_finish(&self.context))
    }

    private func component(of channel: exr_coding_channel_info_t) -> Int {
        switch channel.channel_name.map({ String(cString: $0) }) {
        case "R": 0
        case "G": 1
        default: 2
        }
    }

    private func check(_ result: exr_result_t) throws(Failure) {
        guard result != 0 else { return }
        throw Failure(reason: exr_get_default_error_message(result).map { String(cString: $0) } ?? "error \(result)")
    }
}
