import Testing

@testable import Sweep

@Suite struct DatasetTests {
    @Test func `Every name is of one kind`() {
        #expect(
            Dataset.names == [
                "gaussian", "mnist", "fashion-mnist", "cifar-10", "cifar-100", "generated-images", "teacher",
                "symmetric",
                "modular-addition", "array",
            ])
        for kind in Dataset.allKinds {
            for name in kind.names { #expect(Dataset.kind(of: name).kind.names == kind.names) }
        }
    }

    @Test
    func `Options of several kinds with one name have one type, or are numbers in one and text in the other`()
    {
        let options = Dataset.allKinds.flatMap(\.options)
        for setting in Dataset.settings {
            let same = options.filter { $0.path == setting.path }
            let numbers = same.filter(\.kind.isNumeric).map(\.kind)
            let others = same.filter { !$0.kind.isNumeric }.map(\.kind)
            #expect(numbers.allSatisfy { $0 == numbers[0] }, "\(setting.path)")
            #expect(others.allSatisfy { $0 == others[0] }, "\(setting.path)")
            let names = Dataset.allKinds.filter { $0.options.contains { $0.path == setting.path } }.flatMap(
                \.names)
            #expect(setting.uses == [Setting.Use(path: "dataset", words: names)])
        }
        #expect(Set(options.map(\.path)) == Set(Dataset.settings.map(\.path)))
        let points = Setting[path: "dataset.train_points"]
        #expect(
            points?.defaultText
                == "all 60000 or 50000 (images), 128 (teacher), 3277 of 4096 (symmetric), all (arrays)")
    }

    @Test func `Data sets are equal where kind and options are`() {
        let table = Dataset(ModularData(modulus: 7, trainPoints: 20))
        let bits = Dataset(SymmetricData(scale: .unit, trainPoints: 20))
        #expect(table == Dataset(ModularData(modulus: 7, trainPoints: 20)))
        #expect(table != Dataset(ModularData(modulus: 7, trainPoints: 21)) && table != bits)
        #expect(Set([table, bits, table]).count == 2)
    }

    @Test func `An image set is found by its name`() {
        for set in ImageSetDescription.allCases {
            #expect(ImageSetDescription(rawValue: set.rawValue) == set)
        }
        #expect(ImageSetDescription(rawValue: "teacher") == nil)
        #expect(ImageSetDescription.mnist.files.first == "train-images-idx3-ubyte")
        #expect(ImageSetDescription.fashionMNIST.publishedFiles.allSatisfy { $0.digest.utf8.count == 64 })
        for mirror in ImageSetDescription.mnist.mirrors + ImageSetDescription.fashionMNIST.mirrors {
            #expect(mirror.hasPrefix("http") && mirror.hasSuffix("/"))
        }
        #expect(ImageSetDescription.cifar10.files.count == 6)
        #expect(ImageSetDescription.cifar10.publishedFiles.isEmpty)
        #expect(ImageSetDescription.cifar100.files == ["train.bin", "test.bin"])
        #expect(ImageSetDescription.generated.files.isEmpty)
    }

    @Test func `Sizes are those of the points asked for`() {
        let few = Dataset(
            ImageData(name: .generated, scale: .unit, trainPoints: 60, testPoints: nil)
        ).facts
        #expect(few.input.count == 3072 && few.outputs == 10 && few.trainCount == 60)
        #expect(few.testCount == 10_000 && !few.isSizeOfFiles && few.maxCount == 20_060)
        let all = Dataset(ImageData(name: .mnist, scale: .unit, trainPoints: nil, testPoints: 5)).facts
        #expect(all.trainCount == 60_000 && all.isSizeOfFiles && all.maxCount == 140_000)
        let table = Dataset(ModularData(modulus: 7, share: 0.4)).facts
        #expect(table.input.count == 14 && table.classes == 7 && table.maxCount == 49)
        let drawn = Dataset(GaussianData(correlations: [0.5, 0.2], testPoints: 9)).facts
        #expect(drawn.trainCount == nil && drawn.classes == 0 && drawn.maxCount == 9 && drawn.outputs == 2)
        #expect(drawn.vibLosses == [.gaussianNLL, .meanSquaredError])
        let teacher = TeacherData(
            task: .classification, inputs: 6, depth: 2, width: 4, norm: 8, seed: 0, trainPoints: 40,
            testPoints: 30)
        let labelled = Dataset(teacher).facts
        #expect(labelled.outputs == 1 && labelled.classes == 2 && labelled.losses == [.logistic])
    }
}
