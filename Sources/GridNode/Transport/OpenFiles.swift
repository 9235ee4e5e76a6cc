#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The files, sockets among them, that the process may have open at a time.
package enum OpenFiles {
    /// What a node asks for, where the system's hard limit allows it: usual soft limits are made for programs that use `select`.
    private static let wanted = 4_096

    /// Raises the soft limit as far as is useful and possible, and tells what it is.
    package static func raisedLimit() -> Int {
        #if canImport(Glibc)
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        #else
        let resource = RLIMIT_NOFILE
        #endif
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0 else { return 1_024 }
        let raised = min(rlim_t(Self.wanted), limit.rlim_max)
        if limit.rlim_cur < raised {
            let former = limit.rlim_cur
            limit.rlim_cur = raised
            if setrlimit(resource, &limit) != 0 { limit.rlim_cur = former }
        }
        return Int(clamping: limit.rlim_cur)
    }
}
