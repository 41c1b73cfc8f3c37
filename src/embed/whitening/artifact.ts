import { CorruptInputError } from '../../stream/errors.js'
import type { Whitening } from './fit.js'

const magic = 'sluice whitening 1\n'

/** The whitening as bytes, 4 × (d² + 2d) and a short head; {@link decodeWhitening} gives back exactly the same numbers. */
export function encodeWhitening({ dimensions, mean, scale, rotation }: Whitening): Buffer {
  const bytes = Buffer.alloc(byteLengthFor(dimensions))
  let at = bytes.write(magic, 'latin1')
  at = bytes.writeUInt32LE(dimensions, at)
  for (const part of [mean, scale, rotation]) for (const value of part) at = bytes.writeFloatLE(value, at)
  return bytes
}

/** Reads what {@link encodeWhitening} wrote; a CorruptInputError where the bytes are anything else. */
export function decodeWhitening(bytes: Uint8Array): Whitening {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const head = magic.length + 4
  if (buffer.length < head || buffer.toString('latin1', 0, magic.length) !== magic) {
    throw new CorruptInputError(`Expected a whitening, got ${buffer.length} bytes that do not start like one`)
  }
  const dimensions = buffer.readUInt32LE(magic.length)
  if (buffer.length !== byteLengthFor(dimensions)) {
    throw new CorruptInputError(
      `Expected a whitening of ${dimensions} dimensions to have ${byteLengthFor(dimensions)} bytes, got ${buffer.length}`,
    )
  }
  let at = head
  const read = (length: number) =>
    Float32Array.from({ length }, () => {
      const value = buffer.readFloatLE(at)
      if (!Number.isFinite(value)) throw new CorruptInputError(`Expected finite numbers in a whitening, got ${value}`)
      at += 4
      return value
    })
  const mean = read(dimensions)
  const scale = read(dimensions)
  return { dimensions, mean, scale, rotation: read(dimensions * dimensions) }
}

function byteLengthFor(dimensions: number): number {
  return magic.length + 4 + 4 * (dimensions * dimensions + 2 * dimensions)
}
