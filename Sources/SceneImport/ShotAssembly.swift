import ImageCodec
import RenderCore

/// Puts the parts of a document together.
struct ShotAssembly {
    let document: GLTF.Document
    let accessors: AccessorReader
    let resources: ResourceLoader
    let options: ImportOptions

    /// Builds the shot; adds to the notes.
    func assemble(_ notes: inout [String]) throws(ImportError) -> ImportedShot {
        let tree = try NodeTree(self.document, limits: self.options.limits)
        let animation = try NodeAnimation(self.document, accessors: self.accessors, limits: self.options.limits)
        var meshes = MeshBuilder(document: self.document, accessors: self.accessors, limits: self.options.limits)
        let contents = try self.contents(tree, &meshes)
        guard !meshes.meshes.isEmpty else {
            throw ImportError(.malformed, "it shows no triangles: check which scene and which objects were exported")
        }
        let (materials, images) = try self.materials(&meshes, &notes)
        self.note(tree: tree, animation: animation, meshes: meshes, contents: contents, in: &notes)

        let stage = NodeStage(
            nodes: self.document.nodes ?? [],
            tree: tree,
            animation: animation,
            contents: contents,
            boxes: meshes.meshes.map { NodeStage.box($0) }
        )
        let glows = meshes.meshes.contains { materials[$0.material].emission.max() > 0 }
        let isLit = glows || contents.contains { $0.light != nil }
        let assets = SceneAssets(
            meshes: meshes.meshes,
            materials: materials,
            images: images,
            environment: try self.environment(isLit: isLit, &notes)
        )
        let camera = try self.camera(stage, &notes)
        return ImportedShot(
            assets: assets,
            notes: notes,
            stage: stage,
            camera: camera,
            options: self.options
        )
    }

    /// What hangs on each entry of the tree; meshes are built once, when the first node shows them.
    private func contents(
        _ tree: NodeTree,
        _ meshes: inout MeshBuilder
    ) throws(ImportError) -> [NodeStage.Contents] {
        let nodes = self.document.nodes ?? []
        var built: [Int: [Int]] = [:]
        var entryOfNode = [Int?](repeating: nil, count: nodes.count)
        for (position, entry) in tree.entries.enumerated() { entryOfNode[entry.node] = position }
        var contents: [NodeStage.Contents] = []
        contents.reserveCapacity(tree.entries.count)
        for entry in tree.entries {
            let node = nodes[entry.node]
            var content = NodeStage.Contents()
            do throws(ImportError) {
                if let mesh = node.mesh {
                    if let known = built[mesh] {
                        content.meshes = known
                    } else {
                        content.meshes = try meshes.build(mesh)
                        built[mesh] = content.meshes
                    }
                    if let skin = node.skin { content.bind = try self.bind(skin, entryOfNode) }
                }
                if let reference = node.extensions?.lightsPunctual {
                    content.light = try LightBuilder.build(
                        reference.light,
                        of: self.document.extensions?.lightsPunctual?.lights ?? []
                    )
                }
            } catch {
                throw error.located(at: NodeTree.name(entry.node, nodes))
            }
            contents.append(content)
        }
        return contents
    }

    /// How the first joint of a skin holds a mesh, which is all of a skin that is read.
    private func bind(_ index: Int, _ entryOfNode: [Int?]) throws(ImportError) -> (joint: Int, inverse: Affine)? {
        guard let skin = (self.document.skins ?? [])[checked: index] else {
            throw ImportError(
                .malformed,
                "it names skin \(index), and the file has \((self.document.skins ?? []).count)"
            )
        }
        guard let joint = skin.joints.first, let found = entryOfNode[checked: joint], let entry = found else {
            return nil
        }
        guard let accessor = skin.inverseBindMatrices else { return (entry, .identity) }
        let m: [Double]
        do throws(ImportError) {
            m = try self.accessors.floats(accessor, shape: .matrix4).prefix(16).map { Double($0) }
        } catch {
            throw error.located(at: "skin \(index)")
        }
        guard m.count == 16 else {
            throw ImportError(.malformed, "skin \(index) has no inverse bind matrices")
        }
        return (
            entry,
            Affine(
                x: SIMD3(m[0], m[1], m[2]),
                y: SIMD3(m[4], m[5], m[6]),
                z: SIMD3(m[8], m[9], m[10]),
                translation: SIMD3(m[12], m[13], m[14])
            )
        )
    }

    private func materials(
        _ meshes: inout MeshBuilder,
        _ notes: inout [String]
    ) throws(ImportError) -> ([Material], [RenderCore.Image]) {
        var builder = MaterialBuilder(
            textures: TextureLoader(
                document: self.document,
                accessors: self.accessors,
                resources: self.resources,
                limits: self.options.limits
            )
        )
        var materials: [Material] = []
        for (index, material) in (self.document.materials ?? []).enumerated() {
            materials.append(try builder.build(material, index: index))
        }
        if meshes.needsDefaultMaterial { materials.append(MaterialBuilder.defaultMaterial) }
        if builder.hasTransmissionTexture {
            notes.append("Transmission textures are not read; the transmission factor counts everywhere.")
        }
        return (materials, builder.images)
    }

    private func note(
        tree: NodeTree,
        animation: NodeAnimation,
        meshes: MeshBuilder,
        contents: [NodeStage.Contents],
        in notes: inout [String]
    ) {
        if meshes.skippedPrimitives > 0 {
            notes.append("\(meshes.skippedPrimitives) primitives of points, lines or nothing were left out.")
        }
        if contents.contains(where: { $0.bind != nil }) {
            notes.append("Skins are not read yet: skinned meshes keep their bind pose.")
        }
        if meshes.hasMorphTargets || animation.hasWeights {
            notes.append("Morph targets are not read yet: meshes keep their base shape.")
        }
        if meshes.hasVertexColors {
            notes.append("Vertex colours are not read.")
        }
        if meshes.hasSeveralCoordinateSets {
            notes.append(
                "Some materials use several sets of texture coordinates; the base colour's set is used for all."
            )
        }
        if let first = animation.firstName, let other = animation.alternatives.first {
            let more = animation.alternatives.count - 1
            notes.append(
                "Of animations that move the same nodes the first one plays, \(first); \(other)"
                    + (more > 0 ? " and \(more) more were left out." : " was left out.")
            )
        }
    }

    private func environment(isLit: Bool, _ notes: inout [String]) throws(ImportError) -> Environment {
        if let path = self.options.environment {
            do throws(ImportError) {
                let bytes = try FileReader.read(path, maxBytes: self.options.limits.maxFileBytes)
                guard self.options.environmentIntensity >= 0, self.options.environmentIntensity.isFinite,
                    self.options.environmentRotation.magnitude <= 36_000
                else {
                    throw ImportError(
                        .malformed,
                        "intensity \(self.options.environmentIntensity) and rotation "
                            + "\(self.options.environmentRotation) are not possible: give a number from 0 and degrees"
                    )
                }
                // The middle of a panorama lies towards +X, as in Blender and three.js; a map's own middle towards -Z.
                return try Self.environment(
                    bytes,
                    rotation: (self.options.environmentRotation - 90) * (.pi / 180),
                    intensity: self.options.environmentIntensity
                )
            } catch {
                throw error.located(at: "environment \(path)")
            }
        }
        if let color = self.options.skyColor { return .constant(color) }
        let scene = (self.document.scenes ?? [])[checked: self.document.scene ?? 0]
        if let own = scene?.extras?.value?.tessera?.environment {
            do throws(ImportError) {
                let intensity = try Numbers.float(own.intensity ?? 1, "its intensity")
                let degrees = try Numbers.float(own.rotation ?? 0, "its rotation")
                guard intensity >= 0 else {
                    throw ImportError(.malformed, "its intensity is \(intensity): give a number from 0")
                }
                return try Self.environment(
                    try self.accessors.bytes(ofView: own.bufferView),
                    rotation: degrees * (.pi / 180),
                    intensity: intensity
                )
            } catch {
                throw error.located(at: "the environment in the scene's extras")
            }
        }
        guard !isLit else { return .constant(SIMD3(0, 0, 0)) }
        notes.append("The file has no lights and nothing that glows: a soft neutral sky was added.")
        return .map(Self.neutralSky)
    }

    private static func environment(
        _ bytes: [UInt8],
        rotation: Float = 0,
        intensity: Float = 1
    ) throws(ImportError) -> Environment {
        do throws(ImageError) {
            let picture = try ImageDecoder.decodeRadianceHDR(bytes)
            return .map(
                width: picture.width,
                height: picture.height,
                texels: picture.pixels,
                rotation: rotation,
                intensity: intensity
            )
        } catch {
            throw ImportError(.badImage, error.message)
        }
    }

    /// White above, grey below, a broad light from the upper right behind the viewer of an invented camera.
    static let neutralSky: Environment.Map = {
        let width = 64
        let height = 32
        var texels: [Float] = []
        for row in 0 ..< height {
            let (up, across) = DeterministicMath.sineCosine((0.5 - (Double(row) + 0.5) / Double(height)) * .pi)
            for column in 0 ..< width {
                let (x, z) = DeterministicMath.sineCosine(((Double(column) + 0.5) / Double(width) * 2 - 1) * .pi)
                let direction = SIMD3(x * across, up, -z * across)
                let toward = dot(direction, normalized(SIMD3(0.2, 0.75, 0.65), or: .zero))
                let key = max(toward - 0.55, 0) * 7
                let sky = up > 0 ? 0.35 + 0.3 * up : 0.35 + 0.25 * up
                texels.append(Float(sky + key))
                texels.append(Float(sky + key * 0.97))
                texels.append(Float(sky * 1.03 + key * 0.92))
            }
        }
        return Environment.Map(width: width, height: height, texels: texels)
    }()

    private func camera(
        _ stage: NodeStage,
        _ notes: inout [String]
    ) throws(ImportError) -> ImportedShot.CameraChoice {
        let nodes = self.document.nodes ?? []
        let cameras = self.document.cameras ?? []
        var names: [String] = []
        var first: ImportedShot.CameraChoice?
        for (position, entry) in stage.tree.entries.enumerated() {
            guard let index = nodes[entry.node].camera else { continue }
            let projection: Camera.Projection
            do throws(ImportError) {
                projection = try CameraBuilder.projection(index, of: cameras)
            } catch {
                throw error.located(at: NodeTree.name(entry.node, nodes))
            }
            let candidates = [nodes[entry.node].name, cameras[checked: index]?.name].compactMap { $0 }
            guard let wanted = self.options.cameraName else {
                if first == nil { first = .onNode(entry: position, projection) }
                continue
            }
            if candidates.contains(wanted) { return .onNode(entry: position, projection) }
            if let name = candidates.first { names.append("\"\(ResourceLoader.shortened(name))\"") }
        }
        if let wanted = self.options.cameraName {
            let known = names.isEmpty ? "it has no named camera" : "it has \(names.prefix(20).joined(separator: ", "))"
            throw ImportError(.badRequest, "it has no camera \"\(wanted)\": \(known)")
        }
        if let first { return first }
        let transforms = try stage.transforms(at: self.options.startTime)
        guard let box = stage.bounds(transforms) else {
            throw ImportError(.malformed, "everything in it is flattened to nothing: check the scales of its nodes")
        }
        notes.append("The file has no camera: the scene was framed from the front, the right and a little above.")
        return .fixed(CameraBuilder.framing(low: box.low, high: box.high, aspect: self.options.aspect))
    }
}
