import Testing

@testable import Console

@Suite struct TimeLeftTests {
    @Test(arguments: [
        (170, 160, 190, "about 3 min"), (170, 110, 290, "2 to 5 min"), (170, 50, 290, "50 s to 5 min"),
        (60, 22, 164, "20 s to 3 min"), (5, 0.4, 12, "up to 10 s"), (0.2, 0.1, 0.9, "under 1 s"),
        (7200, 5400, 12_600, "1.5 to 3.5 h"), (10, 9.6, 13, "about 10 s"), (0, 0, 0, "under 1 s"),
        (1e11, 1e10, 1e12, "a very long time"),
    ])
    func `An estimate is a range until it is sure`(seconds: Double, low: Double, high: Double, text: String) {
        #expect(TimeLeft(seconds: seconds, low: low, high: high).text == text)
    }

    @Test(arguments: [
        (0.07, "under 1 s"), (1.24, "about 1 s"), (9.4, "about 9 s"), (12.4, "about 10 s"),
        (33.8, "about 35 s"), (57.6, "about 1 min"), (89, "about 1 min"), (150, "about 3 min"),
        (571, "about 10 min"), (1583, "about 25 min"), (3449, "about 55 min"), (3451, "about 1 h"),
        (5400, "about 1.5 h"), (19_600, "about 5.5 h"), (35_099, "about 9.5 h"), (40_000, "about 11 h"),
        (171_500, "about 2 d"), (2e6, "about 23 d"), (.infinity, "a very long time"),
    ])
    func `An estimate shows no digits that nobody knows`(seconds: Double, text: String) {
        #expect(aboutText(seconds: seconds) == text)
    }

    @Test func `Programs get two digits`() {
        #expect(twoDigits(1234.5) == 1200 && twoDigits(0.0678) == 0.068 && twoDigits(9.96) == 10)
        #expect(twoDigits(0) == 0 && twoDigits(-3) == 0)
    }
}
