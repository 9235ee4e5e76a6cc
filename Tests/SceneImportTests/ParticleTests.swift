import RenderCore
import SceneImport
import Testing

struct ParticleTests {
    private func cloud(
        _ extensionText: String = "{\"radius\":0.5}",
        radii: [Float]? = nil,
        colors: Bool = false,
        velocities: [Float]? = nil
    ) -> SceneBuilder {
        var scene = SceneBuilder()
        let centers = scene.floats([0, 0, 0, 4, 0, 0], width: 3)
        var attributes = "\"POSITION\":\(centers)"
        if let radii { attributes += ",\"_RADIUS\":\(scene.floats(radii, width: 1))" }
        if colors { attributes += ",\"COLOR_0\":\(scene.floats([1, 0, 0.5, 0, 1, 0.214_041], width: 3))" }
        if let velocities { attributes += ",\"_VELOCITY\":\(scene.floats(velocities, width: 3))" }
        scene.members = [
            """
            "meshes":[{"name":"spray","primitives":[{"mode":0,"attributes":{\(attributes)},"material":0,\
            "extensions":{"TESSERA_particles":\(extensionText)}}]}]
            """,
            "\"materials\":[{}]",
            "\"nodes\":[{\"mesh\":0,\"translation\":[0,1,0]}]",
        ]
        return scene
    }

    @Test
    func `points with the extension become spheres of one radius or of their own`() throws {
        let shot = try self.cloud().shot()
        #expect(shot.assets.meshes.isEmpty)
        #expect(shot.assets.particles == [ParticleSet(centers: [0, 0, 0, 4, 0, 0], radii: [0.5, 0.5])])
        let placed = Instance(particles: 0, transform: Transform(translation: SIMD3(0, 1, 0)))
        #expect(try shot.frame(1).instances == [placed])
        let own = try self.cloud("{}", radii: [1, 0.25], colors: true).shot()
        #expect(own.assets.particles.first?.radii == [1, 0.25])
        #expect(own.assets.particles.first?.colors == [0xBC_00FF, 0x7F_FF00])
        _ = try Scene(assets: own.assets.encoded(), frame: own.frame(1).encoded(for: own.assets))
    }

    @Test
    func `particles go on with their velocity while the shutter is open`() throws {
        let moving = self.cloud(velocities: [48, 0, 0, 0, -24, 96])
        // A forty-eighth of a second.
        let shot = try moving.shot(ImportOptions(shutterAngle: 180))
        #expect(shot.assets.particles.first?.closingCenters == [1, 0, 0, 4, -0.5, 2])
        _ = try Scene(assets: shot.assets.encoded(), frame: shot.frame(1).encoded(for: shot.assets))
        #expect(try moving.shot().assets.particles.first?.closingCenters == [])
        let still = self.cloud(velocities: [0, 0, 0, 0, 0, 0])
        #expect(try still.shot(ImportOptions(shutterAngle: 180)).assets.particles.first?.closingCenters == [])
        let short = Sample.failure { () throws(ImportError) in
            try self.cloud(velocities: [1, 2, 3]).shot(ImportOptions(shutterAngle: 180))
        }
        #expect(short?.code == .malformed)
    }

    @Test
    func `particles without a radius, or with an impossible one, are refused by name`() {
        for (text, radii) in [("{}", nil), ("{\"radius\":0}", nil), ("{\"radius\":-1}", nil), ("{}", [1, -1])]
            as [(String, [Float]?)]
        {
            let error = Sample.failure { () throws(ImportError) in try self.cloud(text, radii: radii).shot() }
            #expect(error?.code == .malformed)
            #expect(error?.message.contains("\"spray\"") == true)
        }
    }

    /// Two copies of a ball around (0, 0, 1), or of a box.
    private func copies(ball: Bool, scales: [Float]) -> SceneBuilder {
        var form = Form()
        form.ball(SIMD3(0, 0, 1), radius: 2, isFine: true)
        if !ball {
            for i in stride(from: 2, to: form.positions.count, by: 3) { form.positions[i] *= 1.5 }
        }
        var scene = SceneBuilder()
        let positions = scene.floats(form.positions, width: 3)
        let view = scene.view(form.indices.flatMap { Sample.bytes(of: Float(bitPattern: $0)) })
        let indices = scene.accessor(view: view, 5125, count: form.indices.count, "SCALAR")
        let places = scene.floats([0, 0, 0, 9, 0, 0], width: 3)
        let sizes = scene.floats(scales, width: 3)
        scene.members = [
            "\"meshes\":[{\"primitives\":[{\"attributes\":{\"POSITION\":\(positions)},\"indices\":\(indices)}]}]",
            """
            "nodes":[{"mesh":0,"extensions":{"EXT_mesh_gpu_instancing":\
            {"attributes":{"TRANSLATION":\(places),"SCALE":\(sizes)}}}}]
            """,
        ]
        return scene
    }

    @Test
    func `copies of a sphere become particles when that is asked for, other copies never`() throws {
        let options = ImportOptions(spheresBecomeParticles: true)
        let even: [Float] = [1, 1, 1, 0.5, 0.5, 0.5]
        let plain = try self.copies(ball: true, scales: even).shot()
        #expect(plain.assets.particles.isEmpty)
        #expect(try plain.frame(1).instances.count == 2)
        let shot = try self.copies(ball: true, scales: even).shot(options)
        let set = try #require(shot.assets.particles.first)
        for (a, b) in zip(set.radii + set.centers, [2, 1, 0, 0, 1, 9, 0, 0.5] as [Float]) {
            #expect((a - b).magnitude < 0.02)
        }
        #expect(try shot.frame(1).instances == [Instance(particles: 0)])
        #expect(try self.copies(ball: false, scales: even).shot(options).assets.particles.isEmpty)
        let squashed: [Float] = [1, 1, 1, 0.5, 0.5, 1]
        #expect(try self.copies(ball: true, scales: squashed).shot(options).assets.particles.isEmpty)
    }
}
