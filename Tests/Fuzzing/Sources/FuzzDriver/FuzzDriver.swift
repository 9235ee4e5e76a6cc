import CFuzzer

#if canImport(Glibc)
import Glibc
#else
import Musl
#endif

/// What is tried with each input; set once, before the first.
nonisolated(unsafe) private var test: ([UInt8]) -> Void = { _ in }

/// Tries one function with ever new bytes, as the program's arguments say.
///
/// It fails an input by a trap.
public func fuzz(_ body: @escaping ([UInt8]) -> Void) -> Never {
    test = body
    var count = CommandLine.argc
    var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
    let status = LLVMFuzzerRunDriver(&count, &arguments) { start, count in
        test([UInt8](UnsafeBufferPointer(start: start, count: count)))
        return 0
    }
    exit(status)
}
