/// A word from an older version or from another program, and its name here.
///
/// Only the tables of `Alias` know such words. Readers of names (sweep files, `--set`, `where`, figures, cluster
/// files, `measure`, the command line) accept only present names. They look up an unknown name here before they
/// look for a similar spelling, so that the error can give the right one.
public struct Alias: Sendable {
    /// The words, without regard to case, `-` and `_`.
    public let words: [String]
    /// The present name for the words. It also limits where they are answered: only a reader that knows
    /// this name gives the answer.
    public let name: String
    /// The answer if a name alone isn't enough.
    public let sentence: String?

    /// The reply to a word.
    public enum Answer: Equatable, Sendable {
        /// The name of a word from before version 0.2.0.
        case renamed(String)
        /// The name of a word that other programs use.
        case called(String)
        case sentence(String)

        /// The answer as a message: "'lr' is called 'learning_rate' here".
        public func message(for word: String) -> String {
            switch self {
            case .renamed(let name): "'\(word)' is now '\(name)'"
            case .called(let name): "'\(word)' is called '\(name)' here"
            case .sentence(let text): text
            }
        }

        /// The same answer, with a shorter path in place of the name.
        public func mapName(_ shortened: (String) -> String) -> Answer {
            switch self {
            case .renamed(let name): .renamed(shortened(name))
            case .called(let name): .called(shortened(name))
            case .sentence: self
            }
        }
    }

    /// The answer to a word or a dotted path; nil if the tables have none that the reader knows.
    ///
    /// - Parameter isKnown: returns whether the reader accepts a name. For "optimizer: adamw" it gets the
    ///   key.
    public static func answer(to word: String, isKnown: (String) -> Bool) -> Answer? {
        if let name = newName(for: word, isKnown: isKnown) { return .renamed(name) }
        for alias in matches(word, byWord) where isKnown(alias.name) && alias.name != word {
            return alias.sentence.map(Answer.sentence) ?? .called(alias.name)
        }
        return nil
    }

    /// The path of the setting that a word means: "training.learning_rate" for "lr" or "learning-rate".
    public static func setting(for word: String) -> String? {
        matches(word, bySetting).first { $0.sentence == nil }?.name
    }

    /// Whether a word resembles names here but means something else, so that no such name corrects it.
    static func isDistinct(_ word: String) -> Bool { distinctWords.contains(folded(word)) }

    private static let distinctWords = Set(distinct.map(folded))
    private static let byWord = index(sections.flatMap(\.aliases))
    private static let bySetting = index(settings)

    /// The aliases of each folded word. A name is also a word for itself, in other spellings and without its
    /// group.
    private static func index(_ aliases: [Alias]) -> [String: [Alias]] {
        var index: [String: [Alias]] = [:]
        for alias in aliases {
            var words = alias.words
            if alias.sentence == nil, !alias.name.contains(" ") {
                words += [alias.name, String(alias.name.split(separator: ".").last ?? "")]
            }
            for word in words { index[folded(word), default: []].append(alias) }
        }
        return index
    }

    /// The aliases of a whole path, then those of its last part.
    private static func matches(_ word: String, _ index: [String: [Alias]]) -> [Alias] {
        let last = word.split(separator: ".").last.map(String.init) ?? word
        return (index[folded(word)] ?? []) + (last == word ? [] : index[folded(last)] ?? [])
    }

    /// The present name of a word or a dotted path from before version 0.2.0.
    private static func newName(for name: String, isKnown: (String) -> Bool) -> String? {
        var names = [name]
        var index = 0
        // Each part of a path may have been renamed, and a part may have moved.
        while index < names.count, index < 64 {
            for (old, new) in renamed {
                if let next = names[index].replacing(old, by: new), !names.contains(next) {
                    names.append(next)
                }
            }
            index += 1
        }
        return names.dropFirst().first { isKnown(String($0.prefix { $0 != ":" })) }
    }
}

/// A word without differences of spelling: `batchSize`, `batch-size`, `batch_size` and Hydra's `+batch_size`
/// are the same. Single letters are options, whose case matters.
func folded(_ word: String) -> String {
    let letters = word.filter { $0 != "-" && $0 != "_" && $0 != "+" }
    return letters.count == 1 ? letters : letters.lowercased()
}

extension String {
    /// The path with these parts replaced by others; nil if it doesn't have them.
    fileprivate func replacing(_ old: String, by new: String) -> String? {
        guard contains(old) else { return nil }
        let parts = split(separator: ".", omittingEmptySubsequences: false)
        let old = old.split(separator: ".")
        guard parts.count >= old.count else { return nil }
        for start in 0...parts.count - old.count where parts[start..<start + old.count].elementsEqual(old) {
            return (parts[..<start] + [Substring(new)] + parts[(start + old.count)...]).joined(separator: ".")
        }
        return nil
    }
}
