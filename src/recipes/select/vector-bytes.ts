import { expand, type Precision, quantize } from '../../embed/quantize.js'

/** How rows of length 1 lie on disk: float32, or whole numbers behind a float32 scale; all little-endian. */
export type VectorBytes = {
  readonly dimensions: number
  /** Bytes of a row. */
  readonly rowBytes: number
  /** The bytes of rows, and the rows as `decode` gives them. */
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
  return {
    dimensions,
    rowBytes,
    encode(vectors) {
      const whole = quantize(vectors, dimensions, precision)
      const rows = whole.scales.length
      const bytes = Buffer.from(new ArrayBuffer(rows * rowBytes))
      const values = new Values(bytes.buffer)
      for (let row = 0; row < rows; row++) {
        bytes.writeFloatLE(whole.scales[row]!, row * rowBytes)
        const own = whole.values.subarray(row * dimensions, (row + 1) * dimensions)
        values.set(own, (row * rowBytes + scaleBytes) / size)
      }
      return { bytes, kept: expand(whole, dimensions) }
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
