import { describe, expect, it } from 'vitest'
import type { SchemaTree } from '../../../src/formats/parquet/library.js'
import { type LeafRows, noLeafRows, recordReader } from '../../../src/formats/parquet/records.js'
import { columnType } from '../../../src/formats/parquet/schema.js'

type Kind = 'LIST' | 'MAP' | 'MAP_KEY_VALUE'
type Repetition = 'REQUIRED' | 'OPTIONAL' | 'REPEATED'

function group(repetition_type: Repetition, name: string, children: SchemaTree[], converted_type?: Kind): SchemaTree {
  return { element: { name, repetition_type, converted_type }, children, count: 0, path: [] }
}
const leaf = (repetition_type: Repetition, name: string): SchemaTree => ({
  element: { name, repetition_type, type: 'INT32' },
  children: [],
  count: 0,
  path: [],
})

/** A leaf's rows from `[definition, repetition, value]`, the value left out where there is none. */
function levels(entries: readonly (readonly [number, number, unknown?])[]): LeafRows {
  return {
    ...noLeafRows(),
    rows: entries.filter(([, repetition]) => repetition === 0).length,
    definition: entries.map(([definition]) => definition),
    repetition: entries.map(([, repetition]) => repetition),
    values: entries.filter((entry) => entry.length === 3).map((entry) => entry[2]),
  }
}

function readAll(column: SchemaTree, leaves: Map<SchemaTree, LeafRows>, type?: Parameters<typeof recordReader>[2]) {
  const read = recordReader(column, (node) => leaves.get(node)!, type)
  const rows: unknown[] = []
  while ([...leaves.values()].some((each) => each.rows > 0)) rows.push(read())
  return rows
}

describe('rows of a nested column', () => {
  it('tells a list that is absent from an empty one and from one of nothing', () => {
    const item = leaf('OPTIONAL', 'element')
    const column = group('OPTIONAL', 'c', [group('REPEATED', 'list', [item])], 'LIST')
    const entries = levels([
      [0, 0],
      [1, 0],
      [2, 0],
      [3, 0, 1],
      [2, 1],
      [3, 1, 2],
    ])
    expect(readAll(column, new Map([[item, entries]]))).toEqual([null, [], [null], [1, null, 2]])
  })

  it('puts conversations together from their parts', () => {
    const [role, content] = [leaf('OPTIONAL', 'role'), leaf('REQUIRED', 'content')]
    const message = group('OPTIONAL', 'element', [role, content])
    const column = group('OPTIONAL', 'messages', [group('REPEATED', 'list', [message])], 'LIST')
    const rows = readAll(
      column,
      new Map([
        [
          role,
          levels([
            [4, 0, 'user'],
            [3, 1],
            [2, 1],
            [0, 0],
          ]),
        ],
        [
          content,
          levels([
            [3, 0, 'Hi'],
            [3, 1, 'Ho'],
            [2, 1],
            [0, 0],
          ]),
        ],
      ]),
    )
    expect(rows).toEqual([[{ role: 'user', content: 'Hi' }, { role: null, content: 'Ho' }, null], null])
  })

  it('puts lists of lists together', () => {
    const item = leaf('REQUIRED', 'element')
    const inner = group('OPTIONAL', 'element', [group('REPEATED', 'list', [item])], 'LIST')
    const column = group('REQUIRED', 'c', [group('REPEATED', 'list', [inner])], 'LIST')
    const entries = levels([
      [3, 0, 1],
      [3, 2, 2],
      [1, 1],
      [2, 1],
      [3, 1, 3],
      [0, 0],
      [3, 0, 4],
    ])
    expect(readAll(column, new Map([[item, entries]]))).toEqual([[[1, 2], null, [], [3]], [], [[4]]])
  })

  it.each([
    ['a repeated field', group('OPTIONAL', 'c', [leaf('REPEATED', 'element')], 'LIST'), 2, [[5, 6]], { list: 'int32' }],
    [
      'a repeated group called array',
      group('OPTIONAL', 'c', [group('REPEATED', 'array', [leaf('REQUIRED', 'x')])], 'LIST'),
      2,
      [[{ x: 5 }, { x: 6 }]],
      { list: { struct: { x: 'int32' } } },
    ],
    [
      'a repeated group called after the list',
      group('OPTIONAL', 'c', [group('REPEATED', 'c_tuple', [leaf('REQUIRED', 'x')])], 'LIST'),
      2,
      [[{ x: 5 }, { x: 6 }]],
      { list: { struct: { x: 'int32' } } },
    ],
    ['a repeated field and no list', leaf('REPEATED', 'c'), 1, [[5, 6]], undefined],
  ])('reads old lists: %s', (_, column, level, expected, type) => {
    const [item] = leavesOf(column)
    expect(
      readAll(
        column,
        new Map([
          [
            item!,
            levels([
              [level, 0, 5],
              [level, 1, 6],
            ]),
          ],
        ]),
      ),
    ).toEqual(expected)
    expect(columnType(column)).toEqual(type)
  })

  it('makes maps objects, and those without values the list of their keys', () => {
    const [key, value] = [leaf('REQUIRED', 'key'), leaf('OPTIONAL', 'value')]
    const map = group('OPTIONAL', 'm', [group('REPEATED', 'key_value', [key, value])], 'MAP')
    const rows = readAll(
      map,
      new Map([
        [
          key,
          levels([
            [2, 0, 'a'],
            [2, 1, '__proto__'],
            [1, 0],
            [0, 0],
          ]),
        ],
        [
          value,
          levels([
            [3, 0, 1],
            [2, 1],
            [1, 0],
            [0, 0],
          ]),
        ],
      ]),
    )
    expect(rows).toEqual([
      Object.fromEntries([
        ['a', 1],
        ['__proto__', null],
      ]),
      {},
      null,
    ])
    expect(Object.keys(rows[0] as object)).toEqual(['a', '__proto__'])
    const keys = group('OPTIONAL', 'm', [group('REPEATED', 'map', [key])], 'MAP_KEY_VALUE')
    expect(
      readAll(
        keys,
        new Map([
          [
            key,
            levels([
              [2, 0, 'a'],
              [2, 1, 'b'],
            ]),
          ],
        ]),
      ),
    ).toEqual([['a', 'b']])
  })

  it('makes vectors within structs Float32Arrays', () => {
    const item = leaf('OPTIONAL', 'element')
    const list = group('OPTIONAL', 'v', [group('REPEATED', 'list', [item])], 'LIST')
    const column = group('OPTIONAL', 's', [list])
    const entries = levels([
      [4, 0, 1],
      [3, 1],
      [1, 0],
      [0, 0],
    ])
    const rows = readAll(column, new Map([[item, entries]]), { struct: { v: { vector: 2 } } })
    expect(rows).toEqual([{ v: Float32Array.of(1, Number.NaN) }, { v: null }, null])
  })

  it.each([
    ['a struct is there', [[2, 0, 1]], [[0, 0]]],
    [
      'a list goes on',
      [
        [2, 0, 1],
        [2, 1, 2],
      ],
      [[2, 0, 1]],
    ],
    [
      'a list goes on in another part',
      [[2, 0, 1]],
      [
        [2, 0, 1],
        [2, 1, 2],
      ],
    ],
    [
      'an item is there',
      [
        [2, 0, 1],
        [2, 1, 2],
      ],
      [
        [2, 0, 1],
        [1, 1],
      ],
    ],
  ] as [string, [number, number, unknown?][], [number, number, unknown?][]][])(
    'refuses parts that disagree whether %s',
    (_, first, second) => {
      const [a, b] = [leaf('REQUIRED', 'a'), leaf('REQUIRED', 'b')]
      const column = group('OPTIONAL', 'c', [group('REPEATED', 'array', [a, b])], 'LIST')
      const leaves = new Map([
        [a, levels(first)],
        [b, levels(second)],
      ])
      expect(() => readAll(column, leaves)).toThrow('the levels of its parts tell of different rows')
    },
  )
})

function leavesOf(node: SchemaTree): SchemaTree[] {
  return node.children.length === 0 ? [node] : node.children.flatMap(leavesOf)
}
