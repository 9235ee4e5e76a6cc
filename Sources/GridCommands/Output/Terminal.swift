#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The two streams of the program: data goes to stdout, everything else to stderr.
enum Terminal {
    /// Whether a person looks at stderr, so that a line may be redrawn.
    static let isInteractive = isatty(STDERR_FILENO) == 1 && Self.variable("TERM") != "dumb"

    /// Whether stderr may be coloured: a terminal, and no `NO_COLOR` (no-color.org).
    static let usesColor = Self.isInteractive && (Self.variable("NO_COLOR") ?? "").isEmpty

    /// The width of stderr's terminal in columns, 80 where nobody knows.
    static var columns: Int {
        var size = winsize()
        guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }

    /// An environment variable.
    static func variable(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }
    }

    /// Writes a line of data to stdout.
    static func data(_ line: String) {
        Self.write(line + "\n", to: STDOUT_FILENO)
    }

    /// Writes a line for people to stderr.
    static func note(_ line: String) {
        Self.write(line + "\n", to: STDERR_FILENO)
    }

    /// Writes raw text to stderr, for redrawing a line.
    static func draw(_ text: String) {
        Self.write(text, to: STDERR_FILENO)
    }

    /// The text in a style where colours are welcome on stderr.
    static func styled(_ text: String, _ style: Style) -> String {
        Self.usesColor ? "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m" : text
    }

    /// ANSI styles (ECMA-48, SGR).
    enum Style: String {
        case bold = "1"
        case dim = "2"
        case red = "31"
        case green = "32"
        case yellow = "33"
        case cyan = "36"
    }

    private static func write(_ text: String, to descriptor: CInt) {
        var text = text
        text.withUTF8 { bytes in
            var sent = 0
            while sent < bytes.count {
                #if canImport(Darwin)
                let count = Darwin.write(descriptor, bytes.baseAddress?.advanced(by: sent), bytes.count - sent)
                #elseif canImport(Musl)
                let count = Musl.write(descriptor, bytes.baseAddress?.advanced(by: sent), bytes.count - sent)
                #else
                let count = Glibc.write(descriptor, bytes.baseAddress?.advanced(by: sent), bytes.count - sent)
                #endif
                if count < 0, errno == EINTR { continue }
                // A closed pipe is the reader's wish to hear no more.
                guard count > 0 else { return }
                sent += count
            }
        }
    }
}
