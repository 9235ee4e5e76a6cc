import ImageCodec
import Testing

struct ContactSheetTests {
    private let background = SIMD3<Float>(0.5, 0, 0)

    @Test
    func `pictures lie in rows with gaps between and around`() {
        let pictures = (1 ... 3).map { Picture(width: 4, height: 2, color: SIMD3(repeating: Float($0))) }
        let sheet = ContactSheet.compose(pictures, columns: 2, gap: 1, background: background)
        #expect(sheet.width == 11 && sheet.height == 7)
        #expect(sheet[1, 1] == SIMD3(repeating: 1))
        #expect(sheet[6, 1] == SIMD3(repeating: 2))
        #expect(sheet[1, 4] == SIMD3(repeating: 3))
        #expect(sheet[0, 0] == background && sheet[5, 1] == background && sheet[6, 4] == background)
    }

    @Test
    func `scaling down takes the mean over each new pixel`() {
        let wide = Picture(width: 6, height: 2, pixels: (0 ..< 36).map { Float($0 / 3 % 6) })
        let sheet = ContactSheet.compose([wide], cellWidth: 3, gap: 0)
        #expect(sheet.width == 3 && sheet.height == 1)
        for (x, mean) in [Float(0.5), 2.5, 4.5].enumerated() {
            #expect(abs(sheet[x, 0].x - mean) < 1e-5)
        }
    }

    @Test
    func `another shape is centred, and an odd ratio keeps the mean`() {
        let first = Picture(width: 8, height: 4)
        let tall = Picture(width: 3, height: 7, color: .one)
        let sheet = ContactSheet.compose([first, tall], columns: 1, gap: 0, background: background)
        #expect(sheet.width == 8 && sheet.height == 8)
        #expect(sheet[0, 4] == background && sheet[7, 7] == background)
        #expect(abs(sheet[3, 5].x - 1) < 1e-5)
    }

    @Test
    func `one picture makes a sheet of one cell, however many columns`() {
        let sheet = ContactSheet.compose([Picture(width: 5, height: 5)], columns: 9, gap: 2)
        #expect(sheet.width == 9 && sheet.height == 9)
    }
}
