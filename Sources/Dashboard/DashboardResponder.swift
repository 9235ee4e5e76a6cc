import GridCore
import Hummingbird

/// Answers the dashboard's requests.
///
/// There are few paths and all are fixed, so they are told apart here and not by a router: each request then passes the
/// guard first, and each answer gets the same headers.
struct DashboardResponder: HTTPResponder {
    typealias Context = BasicRequestContext

    let source: SnapshotSource
    let controls: DashboardControls?
    let hub: SnapshotHub
    let requestGuard: RequestGuard
    let page = DashboardPage()

    func respond(to request: Request, context: Context) async throws -> Response {
        var response = await self.answer(request)
        response.headers[.contentSecurityPolicy] = """
            default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
            base-uri 'none'; form-action 'none'; frame-ancestors 'none'
            """
        response.headers[.xContentTypeOptions] = "nosniff"
        response.headers[.crossOriginResourcePolicy] = "same-origin"
        if response.headers[.cacheControl] == nil { response.headers[.cacheControl] = "no-store" }
        if request.method == .head { response.body = ResponseBody() }
        return response
    }

    private func answer(_ request: Request) async -> Response {
        guard let host = request.head.authority, self.requestGuard.allows(host: host) else {
            return Self.problem(
                .misdirectedRequest,
                "this host name is not allowed; ask for the page by address, such as http://127.0.0.1:7878/"
            )
        }
        switch request.uri.path {
        case "/":
            return await self.reading(request) {
                let html = self.page.render(await self.source.current(), hasControls: self.controls != nil)
                return Self.content("text/html; charset=utf-8", Array(html.utf8))
            }
        case "/api/snapshot":
            return await self.reading(request) {
                Self.content("application/json", SnapshotHub.json(await self.source.current()))
            }
        case "/metrics":
            return await self.reading(request) {
                let metrics = MetricsPage(await self.source.current(), eventClients: self.hub.followerCount)
                return Self.content(MetricsPage.contentType, Array(metrics.text.utf8))
            }
        case "/events":
            return await self.reading(request) { self.events(request) }
        case "/api/pause":
            return await self.changing(request, host: host, isPaused: true)
        case "/api/resume":
            return await self.changing(request, host: host, isPaused: false)
        case let path:
            guard let file = Self.files[path] else { return Self.problem(.notFound, "nothing is here; see /") }
            return await self.reading(request) { Self.content(file.type, file.bytes, caching: "no-cache") }
        }
    }

    private static let files: [String: (type: String, bytes: [UInt8])] = [
        "/dashboard.css": ("text/css; charset=utf-8", PackageResources.dashboard_css),
        "/dashboard.js": ("text/javascript; charset=utf-8", PackageResources.dashboard_js),
        "/film.js": ("text/javascript; charset=utf-8", PackageResources.film_js),
        "/parts.js": ("text/javascript; charset=utf-8", PackageResources.parts_js),
        "/icon.svg": ("image/svg+xml", PackageResources.icon_svg),
    ]

    // MARK: Kinds of answers

    private func reading(_ request: Request, _ answer: () async -> Response) async -> Response {
        guard request.method == .get || request.method == .head else {
            return Self.problem(.methodNotAllowed, "this can only be read", allow: "GET, HEAD")
        }
        return await answer()
    }

    private func changing(_ request: Request, host: String, isPaused: Bool) async -> Response {
        guard request.method == .post else {
            return Self.problem(.methodNotAllowed, "send this with POST", allow: "POST")
        }
        let fetchSite = request.headers.first { $0.name.canonicalName == "sec-fetch-site" }?.value
        guard
            self.requestGuard.allowsChange(host: host, origin: request.headers[.origin], fetchSite: fetchSite)
        else { return Self.problem(.forbidden, "a page of another site may not do this") }
        guard let controls = self.controls else {
            return Self.problem(.forbidden, "this dashboard only shows; pause the node on its command line")
        }
        await controls.setPaused(isPaused)
        return Self.content("application/json", Array(#"{"isPaused":\#(isPaused)}"#.utf8))
    }

    private func events(_ request: Request) -> Response {
        if request.method == .head { return Self.content("text/event-stream", []) }
        guard let follower = self.hub.makeFollower() else {
            var response = Self.problem(
                .serviceUnavailable,
                "too many browsers follow this node; close one, or read /api/snapshot now and then"
            )
            response.headers[.retryAfter] = "5"
            return response
        }
        let body = ResponseBody { writer in
            try await request.body.consumeWithCancellationOnInboundClose { _ in
                try await writer.write(await follower.firstEvents())
                for await event in follower.events { try await writer.write(event) }
                try Task.checkCancellation()
            }
            try await writer.finish(nil)
        }
        return Response(status: .ok, headers: [.contentType: "text/event-stream"], body: body)
    }

    private static func content(_ type: String, _ bytes: [UInt8], caching: String = "no-store") -> Response {
        Response(
            status: .ok,
            headers: [.contentType: type, .cacheControl: caching],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes))
        )
    }

    private static func problem(_ status: HTTPResponse.Status, _ message: String, allow: String? = nil) -> Response {
        var response = Response(
            status: status,
            headers: [.contentType: "text/plain; charset=utf-8"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: "\(status.code): \(message)\n"))
        )
        if let allow { response.headers[.allow] = allow }
        return response
    }
}
