import LinearAlgebra
import Model

extension GroupedConvolutionOperation: NumericOperation {
    /// Channels of the result in a group.
    private var groupOutputs: Int { outputChannels / window.groups }
    /// Fewer columns make a product slow. Several images are put side by side where each has fewer.
    private var fewColumns: Int { 128 }
    private var isSideBySide: Bool { window.positions < fewColumns }
    /// Whether an image's channels are the columns of its windows.
    private var isPointwise: Bool { window.vertical.isIdentity && window.horizontal.isIdentity }
    /// Images side by side; 1 where they aren't.
    private var imagesAtOnce: Int { isSideBySide ? max(1, 256 / max(1, window.positions)) : 1 }
    /// Rows of positions whose windows are gathered together: about so many that half a megabyte of floats holds
    /// them, which stay in a core's cache, but enough for a fast product.
    private var positionsAtOnce: Int {
        let columns = max(256, (1 << 17) / max(1, window.rows))
        let bands = max(1, (window.positions + columns / 2) / columns)
        return max(1, (window.vertical.positions + bands - 1) / bands)
    }
    private var columnsAtOnce: Int {
        isSideBySide
            ? imagesAtOnce * window.positions : positionsAtOnce * window.horizontal.positions
    }

    func scratchCount(points: Int) -> Int {
        columnsAtOnce * (window.rows + (isSideBySide ? groupOutputs : 0))
    }

    func forward<Scalar>(_ values: Operands<Scalar>, _ pass: Pass<Scalar>) {
        pushTangents(values, pass)
        if let bias {
            let rows = values.output.rows * images * outputChannels
            values.output.reshaped(rows: rows, columns: window.positions).addToRows(bias.of(pass.flat))
        }
    }

    /// The product of the kernels with the numbers under the window, image by image.
    func pushTangents<Scalar>(_ tangents: Operands<Scalar>, _ pass: Pass<Scalar>) {
        let (channels, images) = (window.channels / window.groups, tangents.output.rows * images)
        let pixels = window.vertical.size * window.horizontal.size
        for group in 0..<window.groups {
            let weight = weight.of(pass.flat).rows(group * groupOutputs..<(group + 1) * groupOutputs)
            /// The group's channels of an image, and of its result.
            func input(_ image: Int) -> Matrix<Scalar> {
                tangents.input.part(
                    (image * window.groups + group) * channels * pixels, rows: channels, columns: pixels)
            }
            func output(_ image: Int) -> Matrix<Scalar> {
                tangents.output.part(
                    (image * window.groups + group) * groupOutputs * window.positions, rows: groupOutputs,
                    columns: window.positions)
            }
            for image in stride(from: 0, to: images, by: imagesAtOnce) {
                if isSideBySide {
                    let several = image..<min(images, image + imagesAtOnce)
                    convolveSideBySide(several.map(input), weight, several.map(output), pass)
                } else if isPointwise {
                    output(image).setProduct(weight, input(image))
                } else {
                    convolve(input(image), weight, output(image), pass)
                }
            }
        }
    }

    /// One image, some rows of positions at once.
    private func convolve<Scalar>(
        _ input: Matrix<Scalar>, _ weight: Matrix<Scalar>, _ output: Matrix<Scalar>, _ pass: Pass<Scalar>
    ) {
        let width = window.horizontal.positions
        for first in stride(from: 0, to: window.vertical.positions, by: positionsAtOnce) {
            let positions = first..<min(window.vertical.positions, first + positionsAtOnce)
            let windows = pass.work.scratch.prefix(rows: window.rows, columns: positions.count * width)
            windows.setWindows(of: input, window, positions: positions)
            output.setProduct(weight, windows, columns: first * width..<positions.upperBound * width)
        }
    }

    /// Several images in one product.
    private func convolveSideBySide<Scalar>(
        _ inputs: [Matrix<Scalar>], _ weight: Matrix<Scalar>, _ outputs: [Matrix<Scalar>],
        _ pass: Pass<Scalar>
    ) {
        let (rows, count) = (window.rows, window.positions)
        let windows = pass.work.scratch.prefix(rows: rows, columns: inputs.count * count)
        for (index, input) in inputs.enumerated() {
            if isPointwise {
                windows.setColumns(index * count, count, to: input)
            } else {
                windows.setWindows(
                    of: input, window, positions: 0..<window.vertical.positions, column: index * count)
            }
        }
        let products = pass.work.scratch.part(
            windows.count, rows: groupOutputs, columns: windows.columns)
        products.setProduct(weight, windows)
        for (index, output) in outputs.enumerated() {
            output.setColumns(0, count, to: products, from: index * count)
        }
    }
}
