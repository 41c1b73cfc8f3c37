import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  addValue,
  clearValues,
  type DictionaryChoice,
  leafValues,
  settleValues,
} from '../../../src/formats/parquet/leaf-values.js'
import { plainEncoding, valueStarts } from '../../../src/formats/parquet/plain.js'
import { parquetElements } from '../../../src/formats/parquet/schema.js'

const text = plainEncoding(parquetElements({ text: 'string' })[1]!, false)

/** Each row group's values as they come out of its bytes, and whether it took a dictionary. */
function groupsOf(groups: readonly string[][], choice: DictionaryChoice) {
  const values = leafValues(text, choice)
  return groups.map((group) => {
    for (const each of group) addValue(values, each)
    const { bytes, dictionary } = settleValues(values)
    const starts = valueStarts(bytes, 0, dictionary?.entries ?? group.length)
    const plain = Array.from(starts.subarray(1), (end, n) => bytes.toString('utf8', starts[n]! + 4, end))
    const read = dictionary ? group.map((_, n) => plain[dictionary.indexes[n]!]!) : plain
    clearValues(values)
    return { read, hasDictionary: dictionary !== undefined }
  })
}

describe('the values of a leaf', () => {
  it('come out as they went in, whatever became of the groups before', () => {
    const few = fc.array(fc.constantFrom('a', 'bb', 'ä“”', ''), { maxLength: 3000 })
    const many = fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 200 })
    const groups = fc.array(fc.oneof(few, many), { maxLength: 6 })
    fc.assert(
      fc.property(groups, fc.constantFrom<DictionaryChoice>('auto', 'on', 'off'), (given, choice) => {
        expect(groupsOf(given, choice).map(({ read }) => read)).toEqual(given)
      }),
      { numRuns: 60 },
    )
  })

  it('take a dictionary where that halves them, group by group', () => {
    const repeated = Array.from({ length: 2000 }, (_, n) => `kind ${n % 5}`)
    const distinct = Array.from({ length: 2000 }, (_, n) => `text number ${n}`)
    const groups = [repeated, repeated, distinct, distinct, repeated]
    const taken = (choice: DictionaryChoice) => groupsOf(groups, choice).map(({ hasDictionary }) => hasDictionary)
    expect(taken('auto')).toEqual([true, true, false, false, true])
    expect(taken('on')).toEqual([true, true, true, true, true])
    expect(taken('off')).toEqual([false, false, false, false, false])
  })

  it('are told apart by more than their ends', () => {
    const tail = 'the same forty characters at every end, yes'
    const rows = Array.from({ length: 2000 }, (_, n) => `${String(n).padStart(4, '0')}${tail}`)
    expect(groupsOf([rows], 'auto')).toEqual([{ read: rows, hasDictionary: false }])
  })
})
