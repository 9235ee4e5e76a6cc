import Dashboard
import FoundationEssentials
import GridCore
import Testing

/// The server as a browser or a program sees it, over a socket of the loopback interface.
@Suite(.timeLimit(.minutes(1)))
struct DashboardServerTests {
    private func decode(_ json: some StringProtocol) throws -> GridSnapshot {
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "Infinity",
            negativeInfinity: "-Infinity",
            nan: "NaN"
        )
        return try decoder.decode(GridSnapshot.self, from: Data(json.utf8))
    }

    /// The snapshots among the events of a stream so far.
    private func snapshots(_ text: String) throws -> [GridSnapshot] {
        try text.components(separatedBy: "event: snapshot\ndata: ").dropFirst().compactMap { part in
            guard let end = part.firstRange(of: "\n\n") else { return nil }
            return try self.decode(part[..<end.lowerBound])
        }
    }

    @Test
    func `the page is whole, escaped, and allowed nothing but its own files`() async throws {
        try await withServer { port in
            let page = try await ask(port, "/")
            #expect(page.status == 200)
            #expect(page.headers["content-type"] == "text/html; charset=utf-8")
            #expect(page.headers["cache-control"] == "no-store")
            #expect(page.headers["x-content-type-options"] == "nosniff")
            let policy = try #require(page.headers["content-security-policy"])
            #expect(policy.hasPrefix("default-src 'none'; script-src 'self'; style-src 'self';"))
            #expect(!policy.contains("unsafe"))
            #expect(page.body.contains("9kSCVe2Xo"))
            #expect(page.body.contains("id=\"pause\""))
            #expect(page.body.contains("&lt;img src=x onerror=alert(1)&gt;"))
            #expect(!page.body.contains("<img src=x"))
            #expect(!page.body.contains("no work </script>"))
            #expect(!page.body.contains(" style="))
            #expect(!page.body.contains(" onclick="))
            let types = [
                "css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml",
            ]
            for file in ["/dashboard.css", "/dashboard.js", "/film.js", "/parts.js", "/icon.svg"] {
                let answer = try await ask(port, file)
                #expect(answer.status == 200)
                #expect(answer.headers["content-type"] == types[String(file.split(separator: ".")[1])])
                #expect(answer.body.utf8.count > 200)
                #expect(!answer.body.contains("innerHTML"))
                #expect(!answer.body.contains("http://") || file == "/icon.svg" || answer.body.contains("w3.org"))
            }
        }
    }

    @Test
    func `the snapshot comes back as it was, infinities included`() async throws {
        let node = FakeNode()
        try await withServer(node) { port in
            let answer = try await ask(port, "/api/snapshot")
            #expect(answer.status == 200)
            #expect(answer.headers["content-type"] == "application/json")
            #expect(answer.headers["cache-control"] == "no-store")
            #expect(try self.decode(answer.body) == node.snapshot)
        }
    }

    @Test
    func `the metrics are served in their format`() async throws {
        try await withServer { port in
            let answer = try await ask(port, "/metrics")
            #expect(answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
            #expect(try ParsedMetrics(answer.body).value("tessera_render_threads") == 2)
        }
    }

    @Test
    func `events begin with the past and the present and go on with the newest`() async throws {
        let node = FakeNode()
        try await withServer(node, change: { $0.eventInterval = .milliseconds(50) }) { port in
            let browser = try Connection(port: port)
            try await browser.send("GET /events HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n")
            var text = try await browser.receive(until: "event: snapshot")
            text = try await browser.receive(after: text, until: "}\n\n")
            #expect(text.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(text.contains("text/event-stream"))
            #expect(text.contains("retry: 2000\nevent: history\ndata: []\n\n"))
            #expect(try self.snapshots(text) == [node.snapshot])

            for revision in 1 ... 200 { node.show(Sample.snapshot(revision: revision)) }
            while try self.snapshots(text).last?.stats.unitsRendered != 200 {
                text = try await browser.receive(after: text, until: "}\n\n")
                text += String(decoding: try await browser.receive(), as: UTF8.self)
            }
            let revisions = try self.snapshots(text).map(\.stats.unitsRendered)
            #expect(revisions == revisions.sorted())
            #expect(revisions.count < 100)
            #expect(try ParsedMetrics(await ask(port, "/metrics").body).value("tessera_dashboard_event_clients") == 1)
        }
    }

    @Test
    func `a silent node is repeated now and then`() async throws {
        try await withServer(change: { $0.eventSilenceMax = .milliseconds(20) }) { port in
            let browser = try Connection(port: port)
            try await browser.send("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
            var text = ""
            while try self.snapshots(text).count < 3 {
                text += String(decoding: try await browser.receive(), as: UTF8.self)
            }
        }
    }

    @Test
    func `followers are bounded, and a place is free again when one leaves`() async throws {
        try await withServer(change: { $0.eventClientsMax = 2 }) { port in
            var browsers: [Connection] = []
            for _ in 0 ..< 2 {
                let browser = try Connection(port: port)
                try await browser.send("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
                _ = try await browser.receive(until: "event: snapshot")
                browsers.append(browser)
            }
            let refused = try await ask(port, "/events")
            #expect(refused.status == 503)
            #expect(refused.headers["retry-after"] == "5")
            #expect(try await ask(port, "/").status == 200)
            browsers.removeLast()
            var last = 503
            while last == 503 {
                let browser = try Connection(port: port)
                try await browser.send("GET /events HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                last = try Answer(try await browser.receive(until: "\r\n\r\n")).status
            }
            #expect(last == 200)
        }
    }

    @Test
    func `the buttons work from the own page and from programs, and from nowhere else`() async throws {
        let node = FakeNode()
        try await withServer(node) { port in
            let own = "127.0.0.1:\(port)"
            #expect(try await ask(port, "/api/pause", method: "POST", host: own).status == 200)
            #expect(node.snapshot.node.isPaused)
            let answer = try await ask(
                port,
                "/api/resume",
                method: "POST",
                host: own,
                headers: ["Origin: http://\(own)", "Sec-Fetch-Site: same-origin", "Content-Length: 0"]
            )
            #expect(answer.status == 200)
            #expect(answer.body == #"{"isPaused":false}"#)
            #expect(!node.snapshot.node.isPaused)
            for headers in [
                ["Origin: http://evil.example"], ["Origin: null"], ["Origin: http://127.0.0.1:1"],
                ["Sec-Fetch-Site: cross-site"],
            ] {
                #expect(try await ask(port, "/api/pause", method: "POST", host: own, headers: headers).status == 403)
            }
            #expect(try await ask(port, "/api/pause", method: "POST", host: "evil.example").status == 421)
            let read = try await ask(port, "/api/pause", host: own)
            #expect(read.status == 405)
            #expect(read.headers["allow"] == "POST")
            #expect(!node.snapshot.node.isPaused)
        }
    }

    @Test
    func `without controls the page only shows`() async throws {
        try await withServer(hasControls: false) { port in
            let page = try await ask(port, "/")
            #expect(!page.body.contains("id=\"pause\""))
            #expect(try await ask(port, "/api/pause", method: "POST").status == 403)
        }
    }

    @Test
    func `foreign names are refused on every path`() async throws {
        try await withServer(change: { $0.hostNames = ["studio.example"] }) { port in
            for path in ["/", "/events", "/api/snapshot", "/metrics", "/dashboard.js", "/nothing"] {
                let answer = try await ask(port, path, host: "evil.example:\(port)")
                #expect(answer.status == 421)
                #expect(!answer.body.contains("kSCVe2Xo"))
            }
            #expect(try await ask(port, "/", host: nil).status >= 400)
            #expect(try await ask(port, "/", host: "studio.example").status == 200)
        }
    }

    @Test
    func `unknown paths and methods are refused`() async throws {
        try await withServer { port in
            for path in ["/nothing", "/../etc/passwd", "/dashboard.css/", "//", "/%2e%2e/", "/Pages/dashboard.css"] {
                #expect(try await ask(port, path).status == 404, "\(path)")
            }
            for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
                let answer = try await ask(port, "/", method: method)
                #expect(answer.status == 405)
                #expect(answer.headers["allow"] == "GET, HEAD")
            }
            let head = try await ask(port, "/api/snapshot", method: "HEAD")
            #expect(head.status == 200)
            #expect(head.body.isEmpty)
            #expect(try await ask(port, "/events", method: "HEAD").status == 200)
        }
    }

    @Test
    func `rubbish ends its own connection and nothing else`() async throws {
        try await withServer { port in
            let noise = (0 ..< 4096).map { UInt8(truncatingIfNeeded: ($0 &* 2_654_435_761) >> 13) }
            let long = String(repeating: "x", count: 100_000)
            let openings: [[UInt8]] = [
                noise, Array("GET / HTTP/9.9\r\n\r\n".utf8), Array("\r\n\r\n\r\n".utf8),
                Array("GET /\(long) HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8),
                Array("GET / HTTP/1.1\r\nHost: localhost\r\nX: \(long)\r\n\r\n".utf8),
                Array("POST /api/pause HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\n".utf8),
                Array("POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n".utf8),
                Array("GET / HTTP/1.1\r\nHost: a\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n".utf8),
            ]
            for opening in openings {
                let connection = try Connection(port: port)
                try? await connection.send(opening)
                #expect(try await ask(port, "/").status == 200)
            }
        }
    }

    @Test
    func `a port in use, a bad port and a foreign address are told apart`() async throws {
        func failure(_ settings: DashboardSettings) async throws -> DashboardError {
            let server = DashboardServer(
                settings: settings,
                source: FakeNode().source
            )
            let error = await #expect(throws: DashboardError.self) { try await server.run() }
            return try #require(error)
        }
        try await withServer { port in
            let error = try await failure(DashboardSettings(port: port))
            #expect(error.code == .portInUse)
            #expect(error.message.contains("port \(port) of 127.0.0.1"))
            #expect(error.message.contains("give another port"))
        }
        #expect(try await failure(DashboardSettings(port: 65_536)).code == .badPort)
        #expect(try await failure(DashboardSettings(port: -1)).code == .badPort)
        #expect(try await failure(DashboardSettings(host: "192.0.2.1", port: 0)).code == .noSuchAddress)
    }

    @Test
    func `stopping and cancelling end followers and idle connections`() async throws {
        for isCancelled in [false, true] {
            let (ports, port) = AsyncStream<Int>.makeStream()
            let server = DashboardServer(
                settings: DashboardSettings(port: 0),
                source: FakeNode().source,
                onListening: { port.yield($0) }
            )
            let running = Task { try await server.run() }
            var iterator = ports.makeAsyncIterator()
            let number = try #require(await iterator.next())
            #expect(server.port == number)
            let follower = try Connection(port: number)
            try await follower.send("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
            _ = try await follower.receive(until: "event: snapshot")
            let idle = try Connection(port: number)
            try await idle.send("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
            _ = try await idle.receive(until: "\r\n\r\n")
            let silent = try Connection(port: number)
            if isCancelled { running.cancel() } else { server.stop() }
            try await running.value
            _ = try await follower.receiveAll()
            _ = try await idle.receiveAll()
            _ = try await silent.receiveAll()
            #expect(throws: ClientError.self) { _ = try Connection(port: number) }
        }
    }

    @Test
    func `connections that come while the server ends do no harm`() async throws {
        for round in 0 ..< 24 {
            let (ports, port) = AsyncStream<Int>.makeStream()
            let server = DashboardServer(
                settings: DashboardSettings(port: 0),
                source: FakeNode().source,
                onListening: { port.yield($0) }
            )
            let running = Task { try await server.run() }
            var iterator = ports.makeAsyncIterator()
            let number = try #require(await iterator.next())
            let knocking = Task {
                var held: [Connection] = []
                while !Task.isCancelled, held.count < 40, let connection = try? Connection(port: number) {
                    held.append(connection)
                    await Task.yield()
                }
            }
            for _ in 0 ..< round { await Task.yield() }
            if round % 2 == 0 { server.stop() } else { running.cancel() }
            try await running.value
            knocking.cancel()
            await knocking.value
        }
    }

    @Test
    func `a server that was stopped before it ran ends at once`() async throws {
        let server = DashboardServer(
            settings: DashboardSettings(port: 0),
            source: FakeNode().source
        )
        server.stop()
        server.stop()
        try await server.run()
        #expect(server.port == nil)
    }
}
