import GridCore
import GridWire
import Testing

/// Units whose pixels a node holds.
struct PixelListTests {
    private func unit(_ number: Int) -> UnitID {
        UnitID(frame: 1, tile: number, firstBlock: 0, blockCount: 1 + number % 3)
    }

    @Test
    func `the oldest comes out first, whatever was taken out and put in again between`() {
        var list = PixelList()
        for number in 0 ..< 1_000 { list.append(self.unit(number)) }
        let bytes = list.bytes
        for number in 0 ..< 1_000 where number % 10 != 0 {
            let (first, second) = (list.remove(self.unit(number)), list.remove(self.unit(number)))
            #expect(first && !second)
        }
        list.append(self.unit(20))
        list.append(self.unit(21))
        var order: [Int] = []
        while let oldest = list.popOldest() { order.append(oldest.tile) }
        let kept = stride(from: 0, to: 1_000, by: 10).filter { $0 != 20 }
        #expect(order == kept + [20, 21])
        #expect(list.isEmpty && list.bytes == 0 && bytes > 0)
    }

    @Test
    func `bytes are those of the units that are there`() {
        var (list, one) = (PixelList(), PixelList())
        one.append(self.unit(5))
        for number in 0 ..< 500 {
            list.append(self.unit(number))
            if number != 5 { list.remove(self.unit(number)) }
        }
        list.append(self.unit(5))
        #expect(list.contains(self.unit(5)) && !list.contains(self.unit(6)))
        #expect(list.bytes == one.bytes)
    }
}
