extension GoldenScene {
    /// Twelve layers, one at least of each kind but a diffuse ground.
    static var scale: LayerStack {
        LayerStack([
            .dielectric(ior: 1.5, roughness: 0.375, film: .init(ior: 1.75, thickness: 384)),
            .medium(absorption: SIMD3(0.0625, 0.03125, 0.125)),
            .flakes(color: SIMD3(0.9375, 0.8125, 0.5), roughness: 0.5, coverage: 0.25),
            .medium(
                absorption: SIMD3(0.25, 0.0625, 0.25),
                scattering: 0.125,
                albedo: SIMD3(0.875, 1, 0.875),
                anisotropy: 0.5
            ),
            .dielectric(ior: 1.375, roughness: 0.25),
            .medium(absorption: SIMD3(0.125, 0, 0.25)),
            .flakes(color: SIMD3(0.375, 0.875, 0.75), roughness: 0.5, coverage: 0.25),
            .dielectric(ior: 1.625, roughness: 0),
            .medium(absorption: SIMD3(0.375, 0.0625, 0.25), scattering: 0.0625),
            .flakes(color: SIMD3(0.875, 0.875, 0.875), roughness: 0.625, coverage: 0.375),
            .medium(absorption: SIMD3(0.125, 0.125, 0)),
            .metal(color: SIMD3(0.75, 0.625, 0.375), roughness: 0.375, film: .init(ior: 1.5, thickness: 512)),
        ])
    }
}
