import SceneImport

/// Builds documents of a few lines for the tests: binary data with views and accessors, and JSON for the rest.
struct SceneBuilder {
    private(set) var binary: [UInt8] = []
    private var views: [String] = []
    private var accessors: [String] = []
    /// Members of the document, each with its key; `nodes` shows mesh 0 where nothing else is said.
    var members: [String] = []

    /// Adds bytes as a buffer view; `more` is further JSON of the view.
    mutating func view(_ bytes: [UInt8], more: String = "") -> Int {
        while self.binary.count % 4 != 0 { self.binary.append(0) }
        self.views.append("{\"buffer\":0,\"byteOffset\":\(self.binary.count),\"byteLength\":\(bytes.count)\(more)}")
        self.binary += bytes
        return self.views.count - 1
    }

    /// Adds a view by its JSON.
    mutating func view(json: String) -> Int {
        self.views.append(json)
        return self.views.count - 1
    }

    /// Adds an accessor by its JSON.
    mutating func accessor(json: String) -> Int {
        self.accessors.append(json)
        return self.accessors.count - 1
    }

    /// Adds an accessor over a view.
    mutating func accessor(view: Int, _ component: Int, count: Int, _ type: String, more: String = "") -> Int {
        self.accessor(
            json:
                "{\"bufferView\":\(view),\"componentType\":\(component),\"count\":\(count),\"type\":\"\(type)\"\(more)}"
        )
    }

    /// Adds floats as an accessor.
    mutating func floats(_ values: [Float], width: Int) -> Int {
        let view = self.view(values.flatMap { Sample.bytes(of: $0) })
        return self.accessor(view: view, 5126, count: values.count / width, width == 1 ? "SCALAR" : "VEC\(width)")
    }

    /// Adds small whole numbers, one byte each, as an accessor.
    mutating func bytes(_ values: [UInt8], width: Int, more: String = "") -> Int {
        let view = self.view(values)
        let type = width == 1 ? "SCALAR" : "VEC\(width)"
        return self.accessor(view: view, 5121, count: values.count / width, type, more: more)
    }

    var json: String {
        var all = self.members
        if !all.contains(where: { $0.hasPrefix("\"nodes\"") }) { all.append("\"nodes\":[{\"mesh\":0}]") }
        all.append("\"accessors\":[\(self.accessors.joined(separator: ","))]")
        all.append("\"bufferViews\":[\(self.views.joined(separator: ","))]")
        if !all.contains(where: { $0.hasPrefix("\"buffers\"") }) {
            all.append("\"buffers\":[{\"byteLength\":\(self.binary.count)}]")
        }
        return "{\"asset\":{\"version\":\"2.0\"},\(all.joined(separator: ","))}"
    }

    var file: [UInt8] { GLBWriter.container(json: self.json, binary: self.binary) }

    func shot(_ options: ImportOptions = ImportOptions()) throws(ImportError) -> ImportedShot {
        try ShotImporter(options: options).importShot(self.file, directory: "/nonexistent")
    }
}
