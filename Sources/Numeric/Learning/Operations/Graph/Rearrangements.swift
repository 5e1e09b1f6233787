import LinearAlgebra
import Model

extension Operand {
    /// The operand's values among those of the inputs: a row for each point, or a single row.
    func values<Scalar>(among operands: Operands<Scalar>, _ pass: Pass<Scalar>) -> Matrix<Scalar> {
        switch self {
        case .input(let index): return operands[index]
        case .constant(let region):
            let numbers = region.of(pass.flat)
            return numbers.reshaped(rows: 1, columns: numbers.count)
        }
    }

    /// The operand's tangents among those of the inputs; nil: it has none.
    func tangents<Scalar>(among operands: Operands<Scalar>) -> Matrix<Scalar>? {
        guard case .input(let index) = self, operands[index].rows > 0 else { return nil }
        return operands[index]
    }
}

extension RearrangementOperation: NumericOperation {
    func forward<Scalar>(_ values: Operands<Scalar>, _ pass: Pass<Scalar>) {
        values.output.gather(values.input, maps[0], fill: Scalar(fill))
    }

    func pushTangents<Scalar>(_ tangents: Operands<Scalar>, _ pass: Pass<Scalar>) {
        var adds = false
        for (index, map) in maps.enumerated() where tangents[index].rows > 0 {
            tangents.output.gather(tangents[index], map, adds: adds)
            adds = true
        }
    }
}

extension ConcatenationOperation: NumericOperation {
    func forward<Scalar>(_ values: Operands<Scalar>, _ pass: Pass<Scalar>) {
        concatenate(operands.map { $0.values(among: values, pass) }, values.output)
    }

    func pushTangents<Scalar>(_ tangents: Operands<Scalar>, _ pass: Pass<Scalar>) {
        concatenate(operands.map { $0.tangents(among: tangents) }, tangents.output)
    }

    /// Zeros stand for an operand that is missing; one of a single row is repeated.
    private func concatenate<Scalar>(_ parts: [Matrix<Scalar>?], _ output: Matrix<Scalar>) {
        guard output.count > 0 else { return }
        var column = 0
        for (part, length) in zip(parts, lengths) {
            if let part, part.rows != output.rows {
                for row in 0..<output.rows {
                    output.rows(row..<row + 1).reshaped(rows: blocks, columns: output.columns / blocks)
                        .setColumns(column, length, to: part.reshaped(rows: blocks, columns: length))
                }
            } else {
                let rows = output.rows * blocks
                output.reshaped(rows: rows, columns: output.count / rows)
                    .setColumns(column, length, to: part?.reshaped(rows: rows, columns: length))
            }
            column += length
        }
    }
}

extension ConstantOperation: NumericOperation {
    func forward<Scalar>(_ values: Operands<Scalar>, _ pass: Pass<Scalar>) {
        values.output.gather(Operand.constant(region).values(among: values, pass))
    }

    func pushTangents<Scalar>(_ tangents: Operands<Scalar>, _ pass: Pass<Scalar>) { tangents.output.fill(0) }
}
