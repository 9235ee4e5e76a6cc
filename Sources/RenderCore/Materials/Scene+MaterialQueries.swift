// What tests ask about textures and volumes.
extension Scene {
    /// What the base colour texture of a material shows at a place, over an area of texture coordinates.
    package func baseColor(
        material: Int,
        _ u: Float,
        _ v: Float,
        area: Float = 0,
        choice: Float = 0
    ) -> (color: SIMD3<Float>, alpha: Float) {
        self.withView { view in
            let texture = view.pointee.materials[material].baseColorTexture
            let texel = lookUp(view, texture, (u, v), TextureFootprint(area: area, choice: choice))
            return (SIMD3(texel.color.x, texel.color.y, texel.color.z), texel.alpha)
        }
    }

    /// What is left of light after a distance inside a material.
    package func attenuation(material: Int, distance: Float) -> SIMD3<Float> {
        self.withView { view in
            let light = transmittance(view.pointee.materials[material].absorption * distance)
            return SIMD3(light.x, light.y, light.z)
        }
    }
}
