/// Small WebP files.
enum WebPSample {
    /// Three by two pixels, lossless, base64.
    static let lossless = "UklGRjQAAABXRUJQVlA4TCcAAAAvAkAAEC8weAKBJMRRRxxkgUCS2v5QBxciGQMCAcpYccApEf2P5QUA"
}
