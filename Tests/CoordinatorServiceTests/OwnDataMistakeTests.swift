import Foundation
import Sweep
import TestSupport
import Testing

@testable import CoordinatorService

/// Mistakes in files of the user's own: each is one error that says where it is.
@Suite struct OwnDataMistakeTests {
    struct Mistake: CustomTestStringConvertible, Sendable {
        /// The members of `dataset`.
        let dataset: String
        /// The error, without the sweep file's name and line.
        let words: String
        var model = "mlp"
        /// Files that differ from the sound ones.
        var files: [String: [UInt8]] = [:]
        var more = ""

        init(
            _ dataset: String, _ words: String, _ files: [String: [UInt8]] = [:], model: String = "mlp",
            _ more: String = ""
        ) {
            (self.dataset, self.words, self.files, self.model, self.more) = (
                dataset, words, files, model, more
            )
        }

        var testDescription: String { words }
    }

    private static let nan = [UInt8]([0, 0, 0xc0, 0x7f])
    private static let pair = "inputs: x.npy, labels: y.npy"
    private static let both = pair + ", test_inputs: tx.npy, test_labels: ty.npy"
    private static let table = "inputs: t.csv, target: kind"

    private static func floats(_ count: Int) -> [Float] { (0..<count).map { Float($0 % 7) } }

    private static func text(_ text: String) -> [String: [UInt8]] { ["t.csv": Array(text.utf8)] }

    /// Ten points of three numbers in two classes, four test points, a table.
    private static let sound: [String: [UInt8]] = [
        "x.npy": ArrayBytes.npy([10, 3], floats(30)), "y.npy": ArrayBytes.labels((0..<10).map { $0 % 2 }),
        "r.npy": ArrayBytes.npy([10], floats(10)), "tx.npy": ArrayBytes.npy([4, 3], floats(12)),
        "ty.npy": ArrayBytes.labels([0, 1, 1, 0]),
        "t.csv": Array("a,b,kind\n1,2,cat\n3,4,dog\n5,6,cat\n7,8,dog\n9,1,cat\n2,3,dog\n".utf8),
    ]

    static let ofArrays: [Mistake] = [
        Mistake(
            "inputs: none.npy, labels: y.npy",
            "dataset.inputs: none.npy: cannot be read: No such file or directory"),
        Mistake(
            "inputs: train-point.npy, labels: y.npy",
            "dataset.inputs: train-point.npy: cannot be read: No such file or directory; did you mean "
                + "'train-points.npy'?", ["train-points.npy": []]),
        Mistake(pair, "dataset.inputs: x.npy: is not a .npy file", ["x.npy": Array("hello, world".utf8)]),
        Mistake(pair, "dataset.inputs: x.npy: is not a .npy file", ["x.npy": []]),
        Mistake(
            pair, "dataset.inputs: x.npy: is cut short: its header announces 120 bytes of data, it holds 117",
            ["x.npy": ArrayBytes.npy([10, 3], floats(30)).dropLast(3)]),
        Mistake(
            pair,
            "dataset.inputs: x.npy: holds complex numbers of type '<c8'; real numbers of at most 64 bits are read: "
                + "save x.astype('f4')",
            ["x.npy": ArrayBytes.npy("<c8", [10, 3], [UInt8](repeating: 0, count: 240))]),
        Mistake(
            pair,
            "dataset.labels: y.npy: holds texts of type '<U3'; real numbers of at most 64 bits are read: save "
                + "classes as np.unique(y, return_inverse=True)[1]",
            ["y.npy": ArrayBytes.npy("<U3", [10], [UInt8](repeating: 0, count: 120))]),
        Mistake(
            pair, "dataset.inputs: x.npy: is in Fortran order; save it as np.ascontiguousarray(…)",
            ["x.npy": ArrayBytes.npy("|u1", [10, 3], [UInt8](repeating: 0, count: 30), isFortran: true)]),
        Mistake(
            pair, "dataset.inputs: x.npy: has the shape (10,); expected (points, …)",
            ["x.npy": ArrayBytes.npy([10], floats(10))]),
        Mistake(
            pair,
            "dataset.inputs: x.npy: has the shape (10, 1, 1, 1, 3); expected (points, numbers), (points, height, width) "
                + "or (points, channels, height, width)",
            ["x.npy": ArrayBytes.npy([10, 1, 1, 1, 3], floats(30))]),
        Mistake(
            pair,
            "dataset.inputs: x.npy: has nan at row 4, column 2 (counted from 0); every number must be finite in single "
                + "precision",
            [
                "x.npy": ArrayBytes.npy(
                    "<f4", [10, 3], [UInt8](repeating: 0, count: 56) + nan + [UInt8](repeating: 0, count: 60))
            ]),
        Mistake(
            "inputs: x.npy, targets: r.npy",
            "dataset.targets: r.npy: has inf at row 9 (counted from 0); every number must be finite in single precision",
            ["r.npy": ArrayBytes.npy([10], floats(9) + [.infinity])]),
        Mistake(
            pair + ", scale: 0", "dataset.scale: 0 makes all points equal: give another factor"),
        Mistake(
            pair, "dataset.labels: y.npy: has 9 labels for 10 points",
            ["y.npy": ArrayBytes.labels([0, 1, 0, 1, 0, 1, 0, 1, 0])]),
        Mistake(
            pair, "dataset.labels: y.npy: has the shape (5, 2); expected (points,)",
            ["y.npy": ArrayBytes.npy("|u1", [5, 2], [UInt8](repeating: 0, count: 10))]),
        Mistake(
            pair, "dataset.labels: y.npy: has the label -1 at 3; labels are 0, 1, 2, …",
            ["y.npy": ArrayBytes.npy("|i1", [10], [0, 1, 0, 255, 0, 1, 0, 1, 0, 1])]),
        Mistake(
            pair, "dataset.labels: y.npy: has the label 1.5 at 2; labels are 0, 1, 2, …",
            ["y.npy": ArrayBytes.npy([10], [0, 1, 1.5, 0, 0, 1, 0, 1, 0, 1])]),
        Mistake(
            pair,
            "dataset.labels: y.npy: no point has the label 1, and labels go up to 2: renumber them without gaps, or "
                + "choose among them with 'classes'",
            ["y.npy": ArrayBytes.labels((0..<10).map { 2 * ($0 % 2) })]),
        Mistake(
            pair,
            "dataset.labels: y.npy: has one class only, 0: a network that learns needs at least two",
            ["y.npy": ArrayBytes.labels([Int](repeating: 0, count: 10))]),
        Mistake(
            pair, "dataset.inputs: x.npy: has one point; give at least two",
            ["x.npy": ArrayBytes.npy([1, 3], floats(3)), "y.npy": ArrayBytes.labels([0])]),
        Mistake(
            pair, "dataset.inputs: x.npy: 0 test points, with a test_share of 0.2; at least 2 are needed",
            ["x.npy": ArrayBytes.npy([4, 3], floats(12)), "y.npy": ArrayBytes.labels([0, 1, 0, 1])]),
        Mistake(
            "inputs: x.npy", "missing: dataset.labels (classes) or dataset.targets (numbers) is required"),
        Mistake(
            pair + ", targets: r.npy", "dataset.targets: cannot be given together with dataset.labels"),
        Mistake(
            pair + ", test_inputs: tx.npy",
            "dataset.test_inputs: needs dataset.test_labels: a test set is both files"),
        Mistake(
            pair + ", test_labels: ty.npy",
            "dataset.test_labels: needs dataset.test_inputs: a test set is both files"),
        Mistake(
            both + ", test_share: 0.3",
            "dataset.test_share: cannot be given together with dataset.test_inputs"),
        Mistake(
            both,
            "dataset.test_inputs: tx.npy: has points of shape (2,), and x.npy has points of shape (3,)",
            ["tx.npy": ArrayBytes.npy([4, 2], floats(8))]),
        Mistake(
            both, "dataset.test_labels: ty.npy: has the label 2 at 1, which no training point has",
            ["ty.npy": ArrayBytes.labels([0, 2, 1, 0])]),
        Mistake(
            both + ", train_points: 1",
            "dataset.train_points: 1 training point of 2 classes: give at least one each"),
        Mistake(
            pair + ", train_points: 1",
            "dataset.train_points: 1 training point of 2 classes: give at least one each"),
        Mistake(
            both + ", test_points: 2",
            "dataset.test_points: 2 test points of 3 classes: give at least one each",
            [
                "y.npy": ArrayBytes.labels((0..<10).map { $0 % 3 }),
                "ty.npy": ArrayBytes.labels([0, 1, 2, 0]),
            ]),
        Mistake(
            both + ", train_points: 11", "dataset.train_points: 11 training points, and the files have 10"),
        Mistake(
            both + ", classes: [0, 5]",
            "dataset.classes: there is no class 5: the data have 2, counted from 0"),
        Mistake(
            "inputs: x.npy, targets: r.npy, label_noise: 0.5",
            "dataset.label_noise: needs classes, and this data set has none"),
        Mistake(
            "inputs: x.npy, targets: r.npy",
            "model: a vib learns classes of arrays: give labels, or train an mlp",
            model: "vib\nbeta: 1"),
        Mistake(
            pair,
            "dataset: a cnn needs images: mnist, fashion-mnist, cifar-10, cifar-100, generated-images or an array of "
                + "images", model: "cnn"),
        Mistake(
            pair, "width: 4 heads do not divide a width of 30: give 'heads' that do",
            ["x.npy": ArrayBytes.npy([10, 8, 8], floats(640))], model: "vit\nwidth: 30"),
        Mistake(
            pair,
            "patches of 4 × 4 pixels do not cover images of 6 × 6: give a 'patch' that divides both",
            ["x.npy": ArrayBytes.npy([10, 6, 6], floats(360))], model: "vit"),
        Mistake(pair + ", point: 3", "dataset.point: one point is for 'model: onnx'"),
        Mistake(
            pair + ", layout: nhwc",
            "dataset.layout: nhwc needs points of shape (height, width, channels), not (3,)"),
        Mistake(
            pair + ", mean: [1, 2]",
            "dataset.mean: 2 numbers for points with 3 channels: give one, or one each"),
        Mistake(pair + ", target: a", "dataset.target: is for tables (.csv), and x.npy is an array"),
        Mistake(
            "inputs: x.npy, targets: r.npy",
            "measures.binned_information: binned_information needs classes, and the data are numbers", [:],
            "measures: {binned_information: true}"),
    ]

    static let ofTables: [Mistake] = [
        Mistake(
            table,
            "dataset.inputs: t.csv: has no header: line 1 holds numbers (1, 2, 3), not the columns' names",
            text("1,2,3\n4,5,6\n")),
        Mistake(table, "dataset.inputs: t.csv: line 1: has the column 'a' twice", text("a,a,kind\n1,2,x\n")),
        Mistake(
            table,
            "dataset.inputs: t.csv: line 1: column 0 (counted from 0) has no name; pandas leaves its index out with "
                + "to_csv(…, index=False)", text(",a,kind\n0,2,x\n")),
        Mistake(
            table, "dataset.inputs: t.csv: line 3: has 2 cells, and the header 3 columns",
            text("a,b,kind\n1,2,x\n1,2\n")),
        Mistake(
            table,
            "dataset.inputs: t.csv: line 3: the cell of column 'b' is empty; fill it, or drop the line",
            text("a,b,kind\n1,2,x\n1,,y\n1,z,y\n")),
        Mistake(
            table,
            "dataset.inputs: t.csv: line 4: the cell of column 'a' holds 'one', which isn't a finite number",
            text("a,b,kind\n1,2,x\n1,3,y\none,4,y\n")),
        Mistake(
            table,
            "dataset.inputs: t.csv: line 2: the cell of column 'a' holds 'nan', which isn't a finite number",
            text("a,b,kind\nnan,2,x\n1,3,y\n")),
        Mistake(
            table,
            "dataset.target: t.csv: line 3: the cell of column 'kind' is empty; fill it, or drop the line",
            text("a,b,kind\n1,2,x\n1,3,\"\"\n")),
        Mistake(
            table, "dataset.target: t.csv: has one class only, 'x': a network that learns needs at least two",
            text("a,b,kind\n1,2,x\n1,3,x\n")),
        Mistake(
            table, "dataset.inputs: t.csv: line 2: a quote is opened and never closed",
            text("a,b,kind\n1,2,\"x\n1,3,y\n")),
        Mistake(
            table,
            "dataset.inputs: t.csv: line 3: text follows a closing quote; a quote within quotes is doubled",
            text("a,b,kind\n1,2,x\n1,\"3\"4,y\n")),
        Mistake(
            table, "dataset.inputs: t.csv: line 1: columns are separated by ';': separate them by commas",
            text("a;b;kind\n1;2;x\n")),
        Mistake(table, "dataset.inputs: t.csv: has a header, and no line below it", text("a,b,kind\n")),
        Mistake(table, "dataset.inputs: t.csv: is empty", text("")),
        Mistake(
            table,
            "dataset.inputs: t.csv: line 1: has more than 10 000 cells, the most columns that are read",
            text(String(repeating: ",", count: 10_000))),
        Mistake(
            table,
            "dataset.inputs: t.csv: line 2: has more than 10 000 cells, the most columns that are read",
            text("a,b,kind\n" + String(repeating: ",", count: 10_000))),
        Mistake(
            table,
            "dataset.target: t.csv: column 'kind' holds fractions, words longer than 200 bytes, or more than 1000 "
                + "different values", text("a,b,kind\n1,2,x\n1,3,\(String(repeating: "y", count: 201))\n")),
        Mistake(
            table + ", train_points: 1",
            "dataset.train_points: 1 training point of 2 classes: give at least one each",
            text("a,b,kind\n" + String(repeating: "1,2,cat\n3,4,dog\n", count: 5))),
        Mistake(
            "inputs: t.csv, target: king", "dataset.target: t.csv: has no column 'king'; did you mean 'kind'?"
        ),
        Mistake(
            "inputs: t.csv",
            "missing: dataset.target is required: the column that is learned, of a, b and kind"),
        Mistake(table + ", columns: [a, c]", "dataset.columns: t.csv: has no column 'c'"),
        Mistake(
            table + ", columns: [a, kind]", "dataset.columns: column 'kind' is the target; an input can't be"),
        Mistake(
            table + ", labels: y.npy", "dataset.labels: is for arrays; of a table, 'target' names the column"),
        Mistake(
            table + ", task: regression",
            "dataset.target: t.csv: line 2: the cell of column 'kind' holds 'cat', which isn't a finite number"
        ),
        Mistake(
            table + ", test_inputs: u.csv",
            "dataset.test_inputs: u.csv: line 3: the class 'cow' occurs at no training point",
            ["u.csv": Array("kind,b,a\ncat,1,2\ncow,1,2\n".utf8)]),
        Mistake(
            table + ", test_inputs: u.csv", "dataset.test_inputs: u.csv: has no column 'b'",
            ["u.csv": Array("kind,a\ncat,1\ndog,2\n".utf8)]),
        Mistake(
            table + ", test_inputs: tx.npy", "dataset.test_inputs: tx.npy: is an array, and t.csv is a table"),
    ]

    @Test(arguments: ofArrays + ofTables) func `A mistake is one error with file and row`(_ mistake: Mistake)
        throws
    {
        let folder = try TemporaryFolder()
        for (name, bytes) in Self.sound.merging(mistake.files, uniquingKeysWith: { $1 }) {
            _ = try folder.write(bytes, to: name)
        }
        let text =
            "name: s\nmodel: \(mistake.model)\ndataset: {\(mistake.dataset)}\n"
            + "training: {steps: 1, batch_size: 4}\n\(mistake.more)\n"
        let error = #expect(throws: SweepError.self) {
            try SweepSpec(parsing: text, file: "s.yaml", look: fileLook(in: folder.path))
        }
        let message = (error?.message ?? "").replacing(folder.path, with: ".")
        #expect(error?.faults.count == 1, "\(message)")
        #expect(message.hasPrefix("s.yaml:") && message.contains(mistake.words), "\(message)")
    }

    @Test(arguments: [pair, both, table, "inputs: x.npy, targets: r.npy", table + ", task: classification"])
    func `Sound files have no error, also read again without them`(_ dataset: String) throws {
        let folder = try TemporaryFolder()
        for (name, bytes) in Self.sound { _ = try folder.write(bytes, to: name) }
        let text = "name: s\nmodel: mlp\ndataset: {\(dataset)}\ntraining: {steps: 1, batch_size: 2}\n"
        let spec = try SweepSpec(parsing: text, file: "s.yaml", look: fileLook(in: folder.path))
        let again = try SweepSpec(parsing: spec.canonicalJSON.canonicalText, file: "sweep.json")
        #expect(again == spec && again.grid[0].id == spec.grid[0].id)
        #expect(try Grid(parsing: spec.gridJSON.canonicalBytes)[0] == spec.grid[0])
    }

    @Test func `A stored table whose counts no file can have is refused`() throws {
        let folder = try TemporaryFolder()
        for (name, bytes) in Self.sound { _ = try folder.write(bytes, to: name) }
        let text = "name: s\nmodel: mlp\ndataset: {\(Self.table)}\ntraining: {steps: 1, batch_size: 2}\n"
        let spec = try SweepSpec(parsing: text, file: "s.yaml", look: fileLook(in: folder.path))
        let stored = spec.canonicalJSON.canonicalText
        for (old, new) in [
            (#"["cat",3,2]"#, #"["cat",9007199254740991,2]"#), (#""rows":6"#, #""rows":9007199254740991"#),
        ] {
            #expect(stored.contains(old), "\(stored)")
            #expect(throws: SweepError.self) {
                try SweepSpec(parsing: stored.replacing(old, with: new), file: "sweep.json")
            }
        }
    }
}
