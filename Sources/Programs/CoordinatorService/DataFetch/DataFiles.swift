import Files
import Glibc
import Launch
import Sweep
import Text

/// A file of an image set, with the digest of its content.
struct DataFile: Equatable {
    var set: TrialSettings.Images.Name
    /// The name without ".gz".
    var name: String
    /// The SHA-256 of its uncompressed bytes, in hexadecimal. Mirrors may compress the file differently.
    var digest: String
    /// The size in bytes of the publisher's own NAME.gz, only for progress lines.
    var defaultSize: Int

    /// "mnist/train-images-idx3-ubyte"
    var path: String { "\(set.rawValue)/\(name)" }

    static func all(of set: TrialSettings.Images.Name) -> [DataFile] {
        let facts: [(digest: String, size: Int)] =
            switch set {
            // These are not compressed, have no published digests and are not fetched, or they are computed.
            case .cifar10, .generated: []
            case .mnist:
                [
                    ("ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db", 9_912_422),
                    ("65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5", 28_881),
                    ("0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7", 1_648_877),
                    ("ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2", 4542),
                ]
            case .fashionMNIST:
                [
                    ("c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888", 26_421_880),
                    ("bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9", 29_515),
                    ("5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b", 4_422_102),
                    ("0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34", 5148),
                ]
            }
        return zip(TrialSettings.Images.fileNames, facts).map { name, fact in
            DataFile(set: set, name: name, digest: fact.digest, defaultSize: fact.size)
        }
    }

    /// URLs of folders that hold a set's files as NAME.gz, in the order in which they are tried.
    static func mirrors(of set: TrialSettings.Images.Name) -> [String] {
        switch set {
        case .cifar10, .generated: []
        case .mnist:
            [
                "https://storage.googleapis.com/cvdf-datasets/mnist/",
                "https://ossci-datasets.s3.amazonaws.com/mnist/",
            ]
        case .fashionMNIST:
            [
                "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
                "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
            ]
        }
    }

    /// The same files with the digests of a list whose lines are "DIGEST  mnist/NAME". nil where a line has
    /// another form, or a file has no line.
    static func replacingDigests(of files: [DataFile], by list: String) -> [DataFile]? {
        var digests: [String: String] = [:]
        for line in list.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count == 2, words[0].utf8.count == 64 else { return nil }
            digests[String(words[1])] = words[0].lowercased()
        }
        var replaced = files
        for index in files.indices {
            guard let digest = digests[files[index].path] else { return nil }
            replaced[index].digest = digest
        }
        return replaced
    }
}

/// Where a run would find a file, and the state of the file there.
struct FoundFile: Equatable {
    var path: String
    var check: DataCheck

    /// The first of NAME.gz and NAME that exists, as trials read them.
    init(_ file: DataFile, in data: String) {
        let plain = "\(data)/\(file.path)"
        path = access(plain + ".gz", F_OK) != 0 && access(plain, F_OK) == 0 ? plain : plain + ".gz"
        check = DataCheck(of: path, against: file.digest)
    }
}
