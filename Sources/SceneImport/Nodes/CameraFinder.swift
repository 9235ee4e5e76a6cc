import RenderCore

/// Chooses the camera of a shot.
struct CameraFinder {
    let stage: NodeStage
    let options: ImportOptions

    /// The camera of the wanted name, or the first one, or one that sees everything.
    func choice(_ notes: inout [String]) throws(ImportError) -> ImportedShot.CameraChoice {
        var names: [String] = []
        var first: ImportedShot.CameraChoice?
        for (position, entry) in self.stage.tree.entries.enumerated() {
            let node = self.stage.nodes[entry.node]
            guard let index = node.camera else { continue }
            do throws(ImportError) {
                _ = try CameraBuilder.projection(index, of: self.stage.cameras)
            } catch {
                throw error.located(at: NodeTree.name(entry.node, self.stage.nodes))
            }
            let candidates = [node.name, self.stage.cameras[checked: index]?.name].compactMap { $0 }
            guard let wanted = self.options.cameraName else {
                if first == nil { first = .onNode(entry: position, camera: index) }
                continue
            }
            if candidates.contains(wanted) { return .onNode(entry: position, camera: index) }
            if let name = candidates.first { names.append("\"\(ResourceLoader.shortened(name))\"") }
        }
        if let wanted = self.options.cameraName {
            let known = names.isEmpty ? "it has no named camera" : "it has \(names.prefix(20).joined(separator: ", "))"
            throw ImportError(.badRequest, "it has no camera \"\(wanted)\": \(known)")
        }
        if let first { return first }
        let frame = try self.stage.frame(try self.stage.pose(at: self.options.startTime))
        guard let box = self.stage.bounds(frame) else {
            throw ImportError(
                .malformed,
                "everything in it is flattened to nothing or hidden: check the scales of its nodes"
            )
        }
        notes.append("The file has no camera: the scene was framed from the front, the right and a little above.")
        return .fixed(CameraBuilder.framing(low: box.low, high: box.high, aspect: self.options.aspect))
    }
}
