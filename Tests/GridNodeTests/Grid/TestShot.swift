import Foundation

/// A small animated glTF file: a lit floor, and a tilting plate of metal above it.
enum TestShot {
    static let frameCount = 4

    static func write(to path: String) throws {
        let floor = Self.quad(half: 4, height: 0)
        let plate = Self.quad(half: 1, height: 0)
        let lamp = Self.quad(half: 0.7, height: 0)
        let times = Self.bytes([0, 3.0 / 24])
        let turns = Self.bytes([0, 0, 0, 1, 0.38, 0, 0, 0.92])
        let indices: [UInt8] = [0, 0, 1, 0, 2, 0, 0, 0, 2, 0, 3, 0]
        var buffer: [UInt8] = []
        var views: [[String: Any]] = []
        for part in [floor, plate, lamp, indices, times, turns] {
            views.append(["buffer": 0, "byteOffset": buffer.count, "byteLength": part.count])
            buffer += part
            while buffer.count % 4 != 0 { buffer.append(0) }
        }
        func positions(_ view: Int, half: Double) -> [String: Any] {
            [
                "bufferView": view, "componentType": 5126, "count": 4, "type": "VEC3",
                "min": [-half, 0, -half], "max": [half, 0, half],
            ]
        }
        let gltf: [String: Any] = [
            "asset": ["version": "2.0"],
            "scene": 0,
            "scenes": [["nodes": [0, 1, 2, 3]]],
            "nodes": [
                ["mesh": 0],
                ["mesh": 1, "translation": [0, 1, 0]],
                ["mesh": 2, "translation": [0, 3, 0], "rotation": [1, 0, 0, 0]],
                ["camera": 0, "translation": [0, 1.6, 5], "rotation": [-0.12, 0, 0, 0.9928]],
            ],
            "cameras": [["type": "perspective", "perspective": ["yfov": 0.8, "znear": 0.1]]],
            "meshes": [0, 1, 2].map {
                ["primitives": [["attributes": ["POSITION": $0], "indices": 3, "material": $0]]]
            },
            "materials": [
                ["pbrMetallicRoughness": ["baseColorFactor": [0.6, 0.5, 0.4, 1], "metallicFactor": 0]],
                [
                    "doubleSided": true,
                    "pbrMetallicRoughness": ["baseColorFactor": [0.9, 0.7, 0.3, 1], "roughnessFactor": 0.3],
                ],
                ["doubleSided": true, "emissiveFactor": [1, 1, 1]],
            ],
            "accessors": [
                positions(0, half: 4), positions(1, half: 1), positions(2, half: 0.7),
                ["bufferView": 3, "componentType": 5123, "count": 6, "type": "SCALAR"],
                ["bufferView": 4, "componentType": 5126, "count": 2, "type": "SCALAR", "min": [0], "max": [0.125]],
                ["bufferView": 5, "componentType": 5126, "count": 2, "type": "VEC4"],
            ],
            "animations": [
                [
                    "samplers": [["input": 4, "output": 5]],
                    "channels": [["sampler": 0, "target": ["node": 1, "path": "rotation"]]],
                ]
            ],
            "bufferViews": views,
            "buffers": [
                [
                    "byteLength": buffer.count,
                    "uri": "data:application/octet-stream;base64," + Data(buffer).base64EncodedString(),
                ]
            ],
        ]
        try JSONSerialization.data(withJSONObject: gltf).write(to: URL(fileURLWithPath: path))
    }

    private static func quad(half: Float, height: Float) -> [UInt8] {
        self.bytes([-half, height, -half, -half, height, half, half, height, half, half, height, -half])
    }

    private static func bytes(_ values: [Float]) -> [UInt8] {
        values.flatMap { value in (0 ..< 4).map { UInt8(truncatingIfNeeded: value.bitPattern >> UInt32(8 * $0)) } }
    }
}
