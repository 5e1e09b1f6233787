import LinearAlgebra
import Model

extension AttentionOperation: TrainedOperation {
    /// The softmax of each head.
    func keptSizes(points: Int) -> [(rows: Int, columns: Int)] { [(points * heads * tokens, tokens)] }

    func scratchCount(points: Int) -> Int { tokens * tokens }

    private var scale: Double { 1 / (Double(width) / Double(heads)).squareRoot() }

    /// The channels of one head in the result, and in q, k and v.
    private func channels(
        _ head: Int
    ) -> (own: Range<Int>, q: Range<Int>, k: Range<Int>, v: Range<Int>) {
        let size = width / heads
        func range(_ start: Int) -> Range<Int> { start + head * size..<start + (head + 1) * size }
        return (range(0), range(0), range(width), range(2 * width))
    }

    /// One row's pixels.
    private func pixels<Scalar>(_ matrix: Matrix<Scalar>, _ row: Int) -> Matrix<Scalar> {
        matrix.part(row * matrix.columns, rows: tokens, columns: matrix.columns / tokens)
    }

    /// The softmax of a row and head.
    private func shares<Scalar>(_ pass: Pass<Scalar>, _ row: Int, _ head: Int) -> Matrix<Scalar> {
        pass.kept[0].part((row * heads + head) * tokens * tokens, rows: tokens, columns: tokens)
    }

    func forward<Scalar>(_ values: Operands<Scalar>, _ pass: Pass<Scalar>) {
        for row in 0..<values.output.rows {
            let (qkv, result) = (pixels(values.input, row), pixels(values.output, row))
            for head in 0..<heads {
                let (part, shares) = (channels(head), shares(pass, row, head))
                shares.setProduct(qkv, qkv, transposeB: true, columnsA: part.q, columnsB: part.k)
                shares.becomeSoftmax(scale: scale)
                result.setProduct(shares, qkv, columns: part.own, columnsB: part.v)
            }
        }
    }

    /// dV = Pᵀ δ, dP = δ Vᵀ, dQ = dS K and dK = dSᵀ Q, with P the softmax of S.
    func backward<Scalar>(_ delta: Matrix<Scalar>, _ pass: Pass<Scalar>) {
        guard let target = pass.target else { return }
        let values = pass.values
        let slopes = pass.work.scratch.prefix(rows: tokens, columns: tokens)
        for row in 0..<delta.rows {
            let (qkv, delta) = (pixels(values.input, row), pixels(delta, row))
            let gradient = pixels(target.matrix, row)
            for head in 0..<heads {
                let (part, shares) = (channels(head), shares(pass, row, head))
                gradient.setProduct(
                    shares, delta, transposeA: true, beta: target.beta, columns: part.v, columnsB: part.own)
                slopes.setProduct(delta, qkv, transposeB: true, columnsA: part.own, columnsB: part.v)
                slopes.becomeSoftmaxGradient(shares, scale: scale)
                gradient.setProduct(slopes, qkv, beta: target.beta, columns: part.q, columnsB: part.k)
                gradient.setProduct(
                    slopes, qkv, transposeA: true, beta: target.beta, columns: part.k, columnsB: part.q)
            }
        }
    }

    /// dS = dQ Kᵀ + Q dKᵀ, and the result's tangent is dP V + P dV. A softmax's Jacobian is symmetric.
    func pushTangents<Scalar>(_ tangents: Operands<Scalar>, _ pass: Pass<Scalar>) {
        let qkv = pixels(pass.values.input, 0)
        let slopes = pass.work.scratch.prefix(rows: tokens, columns: tokens)
        for row in 0..<tangents.output.rows {
            let (tangent, result) = (pixels(tangents.input, row), pixels(tangents.output, row))
            for head in 0..<heads {
                let (part, shares) = (channels(head), shares(pass, 0, head))
                slopes.setProduct(tangent, qkv, transposeB: true, columnsA: part.q, columnsB: part.k)
                slopes.setProduct(qkv, tangent, transposeB: true, beta: 1, columnsA: part.q, columnsB: part.k)
                slopes.becomeSoftmaxGradient(shares, scale: scale)
                result.setProduct(slopes, qkv, columns: part.own, columnsB: part.v)
                result.setProduct(shares, tangent, beta: 1, columns: part.own, columnsB: part.v)
            }
        }
    }
}
