import { ByteWriter, serializeTCompactProtocol } from './writer-library.js'

const writer = new ByteWriter(1 << 12)

/** A struct in Thrift's compact protocol, its fields by number; undefined ones are left out. The next call takes the memory again. */
export function thriftBytes(struct: Readonly<Record<`field_${number}`, unknown>>): Uint8Array {
  writer.index = 0
  serializeTCompactProtocol(writer, struct)
  return writer.getBytes()
}
