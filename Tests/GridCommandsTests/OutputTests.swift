import GridCommands
import GridNode
import Testing

/// What people read.
struct OutputTests {
    @Test
    func `a progress line tells share, count, rate and time left`() {
        let text = ProgressLine.text(done: 25, total: 100, unit: "blocks", rate: 12.5, detail: "2 nodes", columns: nil)
        #expect(text == " 25%  25/100 blocks  12.5 blocks/s  6 s left  2 nodes")
    }

    @Test
    func `a terminal gets a bar where there is room and never more than its width`() {
        let wide = ProgressLine.text(done: 1, total: 2, unit: "units", rate: 0, detail: "", columns: 80)
        #expect(wide.hasPrefix("███████████████░░░░░░░░░░░░░░░  50%"))
        for columns in 1 ... 120 {
            let text = ProgressLine.text(
                done: 3,
                total: 7,
                unit: "units",
                rate: 1_234,
                detail: "waiting: for a second worker",
                columns: columns
            )
            #expect(text.count <= max(columns - 1, 1))
        }
    }

    @Test
    func `nothing to do is no division by zero`() {
        #expect(
            ProgressLine.text(done: 0, total: 0, unit: "units", rate: 0, detail: "", columns: nil) == "  0%  0/0 units"
        )
    }

    @Test(arguments: [
        (0.4, "0 s"), (59, "59 s"), (61, "1:01"), (3_599, "59:59"), (3_600, "1:00:00"), (45_296, "12:34:56"),
        (1e9, "long"), (.infinity, "long"), (.nan, "long"),
    ])
    func `times are read at a glance`(seconds: Double, expected: String) {
        #expect(ProgressLine.clock(seconds) == expected)
    }

    @Test(arguments: [(0.1234, "0.12"), (9.999, "10.0"), (12.34, "12.3"), (123.4, "123")])
    func `rates have about three digits`(value: Double, expected: String) {
        #expect(ProgressLine.short(value) == expected)
    }

    @Test(arguments: [
        (UInt64(0), "0 B"), (999, "999 B"), (1_000, "1.0 kB"), (4_200_000, "4.2 MB"), (.max, "18446744 TB"),
    ])
    func `bytes have units`(count: UInt64, expected: String) {
        #expect(Quantity.bytes(count) == expected)
    }

    @Test(arguments: [(1.005, 1, "1.0"), (-0.26, 1, "-0.3"), (12.0, 0, "12"), (0.05, 2, "0.05"), (-0.001, 1, "0.0")])
    func `fixed numbers are rounded, not cut`(value: Double, digits: Int, expected: String) {
        #expect(Quantity.fixed(value, digits) == expected)
    }

    @Test
    func `columns are aligned and end without spaces`() {
        var table = TextTable([("NAME", .left), ("COUNT", .right), ("NOTE", .left)])
        #expect(table.isEmpty)
        table.add(["a", "1", "first"])
        table.add(["longer", "1000000", ""])
        table.add(["short"])
        #expect(
            table.lines == [
                "NAME      COUNT  NOTE",
                "a             1  first",
                "longer  1000000",
                "short",
            ]
        )
    }

    @Test
    func `an error says what failed and what to do`() {
        let report = ErrorReport(NodeError(.storage, "the disk is full", hint: "make room"))
        #expect(report.message == "the disk is full")
        #expect(report.hint == "make room")
        #expect(ErrorReport(NetworkError(.timedOut, "no answer")).hint == nil)
        #expect(ErrorReport(CancellationError()).message == "stopped")
    }
}
