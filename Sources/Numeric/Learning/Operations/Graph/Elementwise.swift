import LinearAlgebra
import Model

extension ElementwiseOperation: NumericOperation {
    /// The operand that the result may take the memory of: the only one that reads the first input.
    private var overwritten: Int? {
        guard operands.filter({ $0 == .input(0) }).count == 1, let index = operands.firstIndex(of: .input(0)),
            maps[index] == nil
        else { return nil }
        return index
    }

    var overwritesInput: Bool { overwritten != nil }

    /// Operands brought to the result's size, and a derivative.
    func scratchCount(points: Int) -> Int { (operands.count + 1) * count }

    func forward<Scalar>(_ values: Operands<Scalar>, _ pass: Pass<Scalar>) {
        let matrices = operands.map { $0.values(among: values, pass) }
        if maps.allSatisfy({ $0 == nil }), matrices.allSatisfy({ $0.rows == values.output.rows }) {
            return values.output.setElementwise(function, matrices, alpha: alpha, beta: beta)
        }
        for row in 0..<values.output.rows {
            values.output.rows(row..<row + 1).setElementwise(
                function, expanded(matrices, row: row, pass), alpha: alpha, beta: beta)
        }
    }

    /// One row of each operand, as long as the result.
    private func expanded<Scalar>(
        _ matrices: [Matrix<Scalar>], row: Int, _ pass: Pass<Scalar>
    ) -> [Matrix<Scalar>] {
        matrices.indices.map { index in
            let row = matrices[index].rows == 1 ? 0 : row
            let numbers = matrices[index].rows(row..<row + 1)
            guard let map = maps[index] else { return numbers }
            let memory = pass.work.scratch.part(index * count, rows: 1, columns: count)
            memory.gather(numbers, map)
            return memory
        }
    }

    /// The sum of each operand's tangents times the derivative with respect to it.
    func pushTangents<Scalar>(_ tangents: Operands<Scalar>, _ pass: Pass<Scalar>) {
        let point = expanded(operands.map { $0.values(among: pass.values, pass) }, row: 0, pass)
        let slopes = pass.work.scratch.part(operands.count * count, rows: 1, columns: count)
        let output = tangents.output
        var adds = false
        // First the one whose memory the result may have taken.
        for index in operands.indices.sorted(by: { $0 == overwritten && $1 != overwritten }) {
            guard let part = operands[index].tangents(among: tangents) else { continue }
            let hasSlopes = !isSum(in: index)
            if hasSlopes { slopes.setPartial(function, of: index, point, alpha: alpha, beta: beta) }
            if part.buffer !== output.buffer {
                output.gather(part, maps[index], times: hasSlopes ? slopes : nil, adds: adds)
            } else if hasSlopes {
                output.multiplyColumns(by: slopes)
            }
            adds = true
        }
        if !adds { output.fill(0) }
    }

    /// Whether the derivative with respect to an operand is always 1.
    private func isSum(in index: Int) -> Bool {
        function == .identity || function == .add || function == .subtract && index == 0
    }
}
