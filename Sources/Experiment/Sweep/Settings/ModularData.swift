extension TrialSettings {
    /// The table of addition modulo p: inputs are pairs of numbers, as ones among zeros; the class is their
    /// sum.
    public struct Modular: Hashable, Sendable {
        /// p: 2 p inputs, p classes.
        public var modulus: Int
        /// So many of the p² pairs, which the trial's seed chooses, train; the others test.
        public var trainPoints: Int
        public var testPoints: Int { modulus * modulus - trainPoints }

        public init(modulus: Int, trainPoints: Int) {
            self.modulus = modulus
            self.trainPoints = trainPoints
        }

        /// - Parameter share: of all pairs; at least one trains and one tests.
        public init(modulus: Int, share: Double) {
            let pairs = modulus * modulus
            let asked = Int((share * Double(pairs)).rounded())
            self.init(modulus: modulus, trainPoints: min(max(asked, 1), pairs - 2))
        }
    }
}
