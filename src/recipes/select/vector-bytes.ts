import { type Precision, quantizeRow } from '../../embed/quantize.js'

/** How rows of length 1 lie on disk: float32, or whole numbers behind a float32 scale; all little-endian. */
export type VectorBytes = {
  readonly dimensions: number
  /** Bytes of a row. */
  readonly rowBytes: number
  /** The bytes of rows, and the rows as `decode` gives them; both are overwritten by the next call. */
  encode(vectors: Float32Array): { bytes: Uint8Array; kept: Float32Array }
  /** Reads whole rows into the first numbers of `into`. */
  decode(bytes: Uint8Array, into: Float32Array): void
}

const scaleBytes = 4

/** The bytes of vectors of so many dimensions. Rows that were rounded before are the same after it. */
export function vectorBytes(dimensions: number, precision: Precision): VectorBytes {
  return precision === 'float32' ? plainBytes(dimensions) : wholeBytes(dimensions, precision)
}

function plainBytes(dimensions: number): VectorBytes {
  return {
    dimensions,
    rowBytes: 4 * dimensions,
    encode: (vectors) => ({ bytes: bytesOf(vectors), kept: vectors }),
    decode: (bytes, into) => bytesOf(into).set(bytes),
  }
}

function wholeBytes(dimensions: number, precision: 'int16' | 'int8'): VectorBytes {
  const Values = precision === 'int16' ? Int16Array : Int8Array
  const size = Values.BYTES_PER_ELEMENT
  const rowBytes = scaleBytes + size * dimensions
  // The blocks of a scan are alike in size: new ones each time would have the heap collected once and again.
  let kept = new Float32Array(0)
  let bytes = new Uint8Array(0)
  return {
    dimensions,
    rowBytes,
    encode(vectors) {
      const rows = vectors.length / dimensions
      if (kept.length < vectors.length) {
        kept = new Float32Array(vectors.length)
        bytes = new Uint8Array(rows * rowBytes)
      }
      const values = new Values(bytes.buffer)
      const view = new DataView(bytes.buffer)
      for (let row = 0; row < rows; row++) {
        const start = row * dimensions
        const to = (row * rowBytes + scaleBytes) / size
        const scale = quantizeRow(vectors, { start, dimensions, into: values, to })
        view.setFloat32(row * rowBytes, scale, true)
        for (let k = 0; k < dimensions; k++) kept[start + k] = values[to + k]! * scale
      }
      return { bytes: bytes.subarray(0, rows * rowBytes), kept: kept.subarray(0, vectors.length) }
    },
    decode(bytes, into) {
      // A row need not begin where a 16-bit number may.
      const own = bytes.byteOffset % size === 0 ? bytes : new Uint8Array(bytes)
      const values = new Values(own.buffer as ArrayBuffer, own.byteOffset, own.length / size)
      const view = new DataView(own.buffer, own.byteOffset, own.length)
      for (let start = 0, to = 0; start < own.length; start += rowBytes) {
        const scale = view.getFloat32(start, true)
        const first = (start + scaleBytes) / size
        for (let at = first; at < first + dimensions; at++) into[to++] = values[at]! * scale
      }
    },
  }
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength)
}
