import { expectTypeOf, test } from 'vitest'
import { keep } from '../../src/stream/keep.js'
import { map } from '../../src/stream/map.js'
import { mapConcurrent } from '../../src/stream/map-concurrent.js'
import { compose, pipe } from '../../src/stream/pipe.js'
import type { Batches, Sink, Stage } from '../../src/stream/types.js'

type Text = { readonly id: string; readonly text: string }
declare const texts: Batches<Text>
const ignore = () => {}
declare const count: Sink<{ length: number }, number>

test('generic stage makers keep their types through a pipe', () => {
  const lengths = pipe(
    texts,
    keep(
      'empty',
      (row: Text) => (row.text === '' ? 'empty' : undefined),
      () => {},
    ),
    map((row) => ({ length: row.text.length })),
  )
  expectTypeOf(lengths).toEqualTypeOf<Batches<{ length: number }>>()
  expectTypeOf(pipe(lengths, count)).toEqualTypeOf<Promise<number>>()
})

test('an async stage keeps its types', () => {
  const answered = pipe(
    texts,
    mapConcurrent(async (row: Text) => ({ ...row, instruction: '' }), { concurrency: 2 }),
  )
  expectTypeOf(answered).toEqualTypeOf<Batches<{ instruction: string; id: string; text: string }>>()
})

test('compose joins types end to end', () => {
  const both = compose(
    map((row: Text) => row.text),
    map((text: string) => text.length),
  )
  expectTypeOf(both).toEqualTypeOf<Stage<Text, number>>()
})

test('a pipe of wrong rows does not compile', () => {
  // @ts-expect-error a sink of lengths cannot end a pipe of texts
  pipe(texts, count)
  // @ts-expect-error rows without an id cannot be judged
  keep<{ text: string }>('x', () => undefined, ignore)
})
