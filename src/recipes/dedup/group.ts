import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import { createRangeGroups } from '../../select/range-groups.js'
import { nextTurn } from '../../stream/turn.js'
import { openRecordFiles, type RecordFiles } from './record-files.js'

/** Calls `each` with every pair whose later row is from `first` up to but without `end`. */
export type EachPair = (first: number, end: number, each: (later: number, earlier: number) => void) => Promise<void>

export type GroupOptions = {
  /** Rows of the corpus, and those that are held at a time. */
  total: number
  rangeRows: number
  eachPair: EachPair
  /** For the files that this needs; they are left there. */
  folder: string
  signal: AbortSignal
}

/** A range of rows, and for each of them the first row of its group. */
export type GroupedRange = { readonly first: number; readonly end: number; readonly firsts: Uint32Array }

/**
 * Groups the rows that pairs join, directly or by way of others, in two walks over ranges of them: from the last to the
 * first, where each row is pointed to an earlier one of its group, and back, where the pointers are followed. Memory is that
 * of a range, whatever the number of rows; the disk takes 4 bytes a row and some a pair.
 */
export async function* groupRows(options: GroupOptions): AsyncGenerator<GroupedRange> {
  const { total, rangeRows, folder, signal } = options
  const pointers = await open(join(folder, 'pointers.bin'), 'w+')
  const carried = openRecordFiles(folder, 'carried', 2)
  try {
    const starts = Array.from({ length: Math.ceil(total / rangeRows) }, (_, range) => range * rangeRows)
    for (const first of starts.toReversed()) {
      await nextTurn(signal)
      const firsts = await pointBack(first, Math.min(total, first + rangeRows), carried, options)
      await pointers.write(new Uint8Array(firsts.buffer), 0, firsts.byteLength, 4 * first)
    }
    for (const first of starts) {
      await nextTurn(signal)
      const end = Math.min(total, first + rangeRows)
      const firsts = new Uint32Array(end - first)
      await pointers.read(new Uint8Array(firsts.buffer), 0, firsts.byteLength, 4 * first)
      await follow(firsts, first, pointers)
      await pointers.write(new Uint8Array(firsts.buffer), 0, firsts.byteLength, 4 * first)
      yield { first, end, firsts }
    }
  } finally {
    await pointers.close()
  }
}

/** The least row that the range knows of each row's group; groups that reach several from before it are carried there. */
async function pointBack(
  first: number,
  end: number,
  carried: RecordFiles,
  { rangeRows, eachPair }: GroupOptions,
): Promise<Uint32Array<ArrayBuffer>> {
  const groups = createRangeGroups(first, end)
  const range = first / rangeRows
  const each = async (take: (later: number, earlier: number) => void) => {
    await eachPair(first, end, take)
    for (const words of carried.read(range)) {
      for (let at = 0; at < words.length; at += 2) take(words[at]!, words[at + 1]!)
    }
  }
  await each((later, earlier) => {
    if (earlier >= first) groups.join(later, earlier)
  })
  await each((later, earlier) => {
    if (earlier < first) groups.reach(later, earlier)
  })
  const isNew = recently()
  await each((later, earlier) => {
    const least = groups.least(later)
    if (earlier >= first || earlier === least || !isNew(earlier, least)) return
    carried.push(Math.floor(earlier / rangeRows), earlier, least)
  })
  carried.drop(range)
  return Uint32Array.from({ length: end - first }, (_, row) => groups.least(first + row))
}

/** Whether a pair was not among the last ones asked about; a large group hands on the same ones over and over. */
function recently(): (a: number, b: number) => boolean {
  const slots = new Uint32Array(2 ** 16)
  return (a, b) => {
    const slot = 2 * ((Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b)) >>> 17)
    if (slots[slot] === a && slots[slot + 1] === b) return false
    slots[slot] = a
    slots[slot + 1] = b
    return true
  }
}

/** Words read at once of what earlier ranges were found to be. */
const blockWords = 16_384

/** Replaces each pointer to before the range by that row's own, which is final. */
async function follow(firsts: Uint32Array, first: number, pointers: FileHandle): Promise<void> {
  const targets = firsts.filter((row) => row < first).sort()
  let distinct = 0
  for (const target of targets) if (distinct === 0 || targets[distinct - 1] !== target) targets[distinct++] = target
  const finals = new Uint32Array(distinct)
  const block = new Uint32Array(blockWords)
  let blockStart = Number.NEGATIVE_INFINITY
  for (let n = 0; n < distinct; n++) {
    const target = targets[n]!
    if (target >= blockStart + blockWords) {
      blockStart = target
      await pointers.read(new Uint8Array(block.buffer), 0, block.byteLength, 4 * blockStart)
    }
    finals[n] = block[target - blockStart]!
  }
  for (const [at, row] of firsts.entries()) {
    if (row < first) firsts[at] = finals[indexOf(targets, distinct, row)]!
  }
}

/** The place of a value among the first `count` of rising values, which hold it. */
function indexOf(values: Uint32Array, count: number, value: number): number {
  let [low, high] = [0, count - 1]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (values[middle]! < value) low = middle + 1
    else high = middle
  }
  return low
}
