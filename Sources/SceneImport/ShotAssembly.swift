import RenderCore

/// Puts the parts of a document together.
struct ShotAssembly {
    let document: GLTF.Document
    let accessors: AccessorReader
    let resources: ResourceLoader
    let options: ImportOptions

    /// Builds the shot; adds to the notes.
    func assemble(_ notes: inout [String]) throws(ImportError) -> ImportedShot {
        let limits = self.options.limits
        let scene = try NodeTree.scene(self.document, named: self.options.sceneName)
        let tree = try NodeTree(self.document, scene: scene, limits: limits)
        // Copies of spheres become particles, of which nothing is known yet.
        if !self.options.spheresBecomeParticles { try DeclaredGeometry(self.document, tree: tree).check(limits) }
        let animation = try NodeAnimation(self.document, accessors: self.accessors, limits: limits)
        let sources = self.document.materials ?? []
        // The same document, but with materials that glow in any frame.
        var document = self.document
        document.materials = self.document.materials.map { AnimatedMaterials.brightest($0, animation) }
        var builder = ContentsBuilder(
            document: self.document,
            accessors: self.accessors,
            tree: tree,
            animation: animation,
            meshes: MeshBuilder(
                document: document,
                accessors: self.accessors,
                variant: try self.variant(),
                shutterTime: self.options.shutterTime,
                // Copies of a sphere become particles only where the sphere is at hand.
                smallMeshBytes: self.options.spheresBecomeParticles ? 1 << 22 : 0,
                limits: limits
            ),
            options: self.options
        )
        let contents = try builder.build()
        let meshes = builder.meshes
        var volumeBuilder = VolumeBuilder(
            accessors: self.accessors,
            resources: self.resources,
            limits: limits
        )
        let volumes = try volumeBuilder.build(self.document.extensions?.volumes?.volumes ?? [])
        guard !meshes.meshes.isEmpty || !meshes.particles.isEmpty || contents.contains(where: { $0.volume != nil })
        else {
            let others = meshes.skippedPrimitives > 0 ? "only points or lines, and no triangles" : "no triangles"
            throw ImportError(.malformed, "it shows \(others): check which scene and which objects were exported")
        }
        var materials = MaterialBuilder(
            textures: TextureLoader(
                document: self.document,
                accessors: self.accessors,
                resources: self.resources,
                limits: limits
            )
        )
        var surfaces = try materials.buildAll(document.materials ?? [])
        let changing = AnimatedMaterials(sources, animation, shared: surfaces, builder: materials)
        if meshes.needsDefaultMaterial { surfaces.append(MaterialBuilder.defaultMaterial) }
        self.note(animation: animation, meshes: meshes, in: &notes)

        let stage = NodeStage(
            nodes: self.document.nodes ?? [],
            cameras: self.document.cameras ?? [],
            lights: self.document.extensions?.lightsPunctual?.lights ?? [],
            materialNames: (self.document.materials ?? []).map(\.name),
            tree: tree,
            animation: animation,
            contents: contents,
            meshes: meshes.meshes,
            deformers: meshes.deformers,
            boxes: meshes.boxes,
            particleBoxes: meshes.particles.map { Box($0) },
            volumeBoxes: volumes.map { Box(low: SIMD3<Double>($0.low), high: SIMD3<Double>($0.high)) }
        )
        // Core glTF ends at 1, which is the brightness of a screen and lights nothing; lamps are brighter.
        let shown = Set(meshes.meshes.map(\.material)).union(meshes.particles.map(\.material))
        let glows = shown.contains { surfaces[$0].emission.max() > 1 }
        let burns = contents.contains { $0.volume.map { !volumes[$0].emission.isEmpty } ?? false }
        let isLit = glows || burns || contents.contains { $0.light != nil }
        let surroundings = Surroundings(
            document: self.document,
            scene: scene,
            accessors: self.accessors,
            options: self.options
        )
        let environment = try surroundings.environment(isLit: isLit, textures: &materials.textures, &notes)
        self.note(enclosed: volumes, shown: shown.map { surfaces[$0] }, in: &notes)
        let camera = try CameraFinder(stage: stage, options: self.options).choice(&notes)
        var assets = SceneAssets(
            meshes: meshes.meshes,
            materials: surfaces,
            images: materials.textures.images,
            environment: environment
        )
        assets.particles = meshes.particles
        assets.volumes = volumes
        return ImportedShot(
            assets: assets,
            meshes: meshes.sources.isEmpty ? nil : MeshSources(meshes),
            notes: notes,
            stage: stage,
            camera: camera,
            materials: changing,
            options: self.options
        )
    }

    /// The number of the variant to show.
    private func variant() throws(ImportError) -> Int? {
        guard let name = self.options.variantName else { return nil }
        let variants = self.document.extensions?.materialsVariants?.variants ?? []
        if let index = variants.firstIndex(where: { $0.name == name }) { return index }
        let names = variants.prefix(20).map { "\"\(ResourceLoader.shortened($0.name))\"" }
        let known = names.isEmpty ? "it has none" : "it has \(names.joined(separator: ", "))"
        throw ImportError(.badRequest, "it has no material variant \"\(name)\": \(known)")
    }

    /// What is only in what solids enclose is nowhere where nothing is solid.
    private func note(enclosed volumes: [Volume], shown: [Material], in notes: inout [String]) {
        let isAnySolid = shown.contains { $0.thickness > 0 && ($0.transmission > 0 || $0.diffuseTransmission != nil) }
        guard !isAnySolid, let place = volumes.firstIndex(where: \.isEnclosed) else { return }
        notes.append(
            "Volume \(place) of TESSERA_volume is \"enclosed\", and nothing here is solid, so that it does not show: give "
                + "what should hold it a material with KHR_materials_transmission, and a thicknessFactor of "
                + "KHR_materials_volume above zero; or leave \"enclosed\" out."
        )
    }

    private func note(animation: NodeAnimation, meshes: MeshBuilder, in notes: inout [String]) {
        if meshes.skippedPrimitives > 0 {
            notes.append("\(meshes.skippedPrimitives) primitives of points, lines or nothing were left out.")
        }
        if meshes.hasUnreadTargets {
            notes.append("Morph targets move positions, normals and tangents; what else they hold was left out.")
        }
        for what in animation.unread {
            notes.append("\(what) is animated and stands still here: the file does not have it, or it is not read.")
        }
        notes += meshes.coordinateNotes
        if let first = animation.firstName, let other = animation.alternatives.first {
            let more = animation.alternatives.count - 1
            notes.append(
                "Of animations that move the same things the first one plays, \(first); \(other)"
                    + (more > 0 ? " and \(more) more were left out." : " was left out.")
            )
        }
    }
}
