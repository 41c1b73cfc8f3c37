/** Vectors as whole numbers: component k of row i is `values[i × dimensions + k] × scales[i]`. */
export type Quantized = { readonly scales: Float32Array; readonly values: Int8Array | Int16Array }

/**
 * Rows of float32 as int8 or int16 with one scale a row, the largest component of a row being 127 or 32,767. An error is at
 * most half a scale; a row of zeros has scale 0. The same rows give the same numbers everywhere.
 */
export function quantize(vectors: Float32Array, dimensions: number, precision: 'int8' | 'int16'): Quantized {
  const rows = vectors.length / dimensions
  const scales = new Float32Array(rows)
  const values = precision === 'int8' ? new Int8Array(vectors.length) : new Int16Array(vectors.length)
  const largest = precision === 'int8' ? 127 : 32_767
  for (let row = 0; row < rows; row++) {
    const end = (row + 1) * dimensions
    let most = 0
    for (let k = row * dimensions; k < end; k++) most = Math.max(most, Math.abs(vectors[k]!))
    scales[row] = most / largest
    const scale = scales[row]!
    // A row so near to zero that its scale is not a number of float32 any more is one of zeros.
    if (scale === 0) continue
    for (let k = row * dimensions; k < end; k++) {
      values[k] = Math.max(-largest, Math.min(largest, Math.round(vectors[k]! / scale)))
    }
  }
  return { scales, values }
}
