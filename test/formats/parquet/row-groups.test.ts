import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parquetMetadata } from 'hyparquet'
import { describe, expect, it } from 'vitest'
import { readRowGroups } from '../../../src/formats/parquet/row-groups.js'

const shards = join(import.meta.dirname, '../../../fixtures/shards')
const paths = readdirSync(shards).filter((name) => name.endsWith('.parquet'))

function footerOf(name: string): Uint8Array {
  const file = readFileSync(join(shards, name))
  const size = file.readUInt32LE(file.length - 8)
  return file.subarray(file.length - 8 - size, file.length - 8)
}

function withEnd(thrift: Uint8Array): Uint8Array {
  const end = Buffer.from('\0\0\0\0PAR1', 'latin1')
  end.writeUInt32LE(thrift.length)
  return Buffer.concat([thrift, end])
}

describe('row groups', () => {
  it.each(paths)('of %s are what the library says of them', (name) => {
    const footer = footerOf(name)
    const whole = parquetMetadata(withEnd(footer), { geoparquet: false })
    const expected = whole.row_groups.map(({ num_rows, columns }) => ({
      rows: Number(num_rows),
      chunks: columns.map(({ meta_data: said, offset_index_offset: at, offset_index_length: bytes }) => ({
        type: said!.type,
        encodings: said!.encodings,
        path: said!.path_in_schema,
        codec: said!.codec,
        values: Number(said!.num_values),
        plainBytes: Number(said!.total_uncompressed_size),
        bytes: Number(said!.total_compressed_size),
        dataAt: Number(said!.data_page_offset),
        dictionaryAt: Number(said!.dictionary_page_offset ?? 0),
        indexAt: Number(at ?? Number.NaN),
        indexBytes: Number(bytes ?? Number.NaN),
      })),
    }))
    const { groups, rest } = readRowGroups(footer)
    expect(groups).toEqual(expected)
    const { metadata_length: _, ...left } = parquetMetadata(withEnd(rest), { geoparquet: false })
    const { metadata_length: __, ...all } = whole
    expect(left).toEqual({ ...all, row_groups: [] })
  })

  it('are refused where there are none, twice as many, or no metadata in them', () => {
    expect(() => readRowGroups(Uint8Array.of(0x15, 2, 0))).toThrow('no row groups')
    const list = [0x49, 12]
    expect(() => readRowGroups(Uint8Array.of(...list, 0x09, 8, 12, 0))).toThrow('twice')
    // A group whose only chunk is an empty struct.
    expect(() => readRowGroups(Uint8Array.of(0x49, 0x1c, 0x19, 0x1c, 0, 0, 0))).toThrow('no metadata')
    // A chunk with a field 8, an empty struct.
    expect(() => readRowGroups(Uint8Array.of(0x49, 0x1c, 0x19, 0x1c, 0x8c, 0, 0, 0, 0))).toThrow('encrypted')
    // A chunk whose file is `x`.
    expect(() => readRowGroups(Uint8Array.of(0x49, 0x1c, 0x19, 0x1c, 0x18, 1, 0x78, 0, 0, 0))).toThrow(
      'another file, x',
    )
  })
})
