import Testing

@testable import Model

@Suite struct DatasetTests {
    @Test func `Every name is of one kind`() {
        #expect(
            Dataset.names == [
                "gaussian", "mnist", "fashion-mnist", "cifar-10", "generated-images", "teacher", "symmetric",
                "modular-addition",
            ])
        for kind in Dataset.kinds {
            for name in kind.names { #expect(Dataset.kind(of: name).names == kind.names) }
        }
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
        #expect(ImageSetDescription.generated.files.isEmpty)
    }

    @Test func `Sizes are those of the points asked for`() {
        let few = Dataset.images(
            ImageData(name: .generated, scale: .unit, trainPoints: 60, testPoints: nil)
        ).facts
        #expect(few.input.count == 3072 && few.outputs == 10 && few.trainCount == 60)
        #expect(few.testCount == 10_000 && !few.isSizeOfFiles && few.maxCount == 20_060)
        let all = Dataset.images(ImageData(name: .mnist, scale: .unit, trainPoints: nil, testPoints: 5)).facts
        #expect(all.trainCount == 60_000 && all.isSizeOfFiles && all.maxCount == 140_000)
        let table = Dataset.modular(ModularData(modulus: 7, share: 0.4)).facts
        #expect(table.input.count == 14 && table.classes == 7 && table.maxCount == 49)
        let drawn = Dataset.gaussian(GaussianData(correlations: [0.5, 0.2], testPoints: 9)).facts
        #expect(drawn.trainCount == nil && drawn.classes == 0 && drawn.maxCount == 9 && drawn.outputs == 2)
        #expect(drawn.vibLosses == [.gaussianNLL, .meanSquaredError])
        let teacher = TeacherData(
            task: .classification, inputs: 6, depth: 2, width: 4, norm: 8, seed: 0, trainPoints: 40,
            testPoints: 30)
        let labelled = Dataset.teacher(teacher).facts
        #expect(labelled.outputs == 1 && labelled.classes == 2 && labelled.losses == [.logistic])
    }
}
