#if canImport(Glibc)
import Glibc
#else
import Musl
#endif

/// The machine's wall clock, which may jump: only for what people read and for numbers that must not repeat.
enum WallClock {
    /// Seconds since 1970.
    static var seconds: UInt64 {
        self.milliseconds / 1000
    }

    /// The minute of the day by the machine's local time, 0...1,439.
    static var minuteOfDay: Int {
        var now = time(nil)
        var local = tm()
        guard localtime_r(&now, &local) != nil else { return Int(self.seconds / 60 % 1_440) }
        return Int(local.tm_hour) * 60 + Int(local.tm_min)
    }

    /// Milliseconds since 1970.
    static var milliseconds: UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return UInt64(max(0, time.tv_sec)) * 1000 + UInt64(time.tv_nsec / 1_000_000)
    }
}
