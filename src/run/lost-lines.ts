import { closeSync, openSync, readSync, rmSync, writeSync } from 'node:fs'

/** A JSONL file of rows that is being written; all writes are synchronous, and what has not been written is at the close. */
export type Lines = {
  push(row: { readonly id: string }): void
  close(): void
}

const blockBytes = 64 * 1024

/** Opens a file whose rows lie in it as they come. */
export function openLines(path: string): Lines {
  const file = openSync(path, 'w')
  const held = heldLines(blockBytes, (lines) => void writeLines(file, lines))
  return {
    push: held.push,
    close() {
      try {
        writeLines(file, held.take())
      } finally {
        closeSync(file)
      }
    },
  }
}

type Line = { readonly id: string; readonly text: string }

/** Lines in memory, handed to `onFull` whenever they are so many bytes. */
function heldLines(mostBytes: number, onFull: (lines: Line[]) => void) {
  let held: Line[] = []
  let bytes = 0
  const take = () => {
    const lines = held
    held = []
    bytes = 0
    return lines
  }
  return {
    push(row: { readonly id: string }) {
      const text = JSON.stringify(row)
      held.push({ id: row.id, text })
      bytes += text.length
      if (bytes >= mostBytes) onFull(take())
    },
    take,
  }
}

/**
 * Opens a file whose rows, in whatever order they come, lie in it by id, and those of one id by their text, once it is
 * closed. Memory holds `heldBytes` of them; the others wait beside the file in sorted runs.
 */
export function openSortedLines(path: string, { heldBytes = 8 * 1024 * 1024 } = {}): Lines {
  const file = openSync(path, 'w')
  const spilled = `${path}.runs`
  let spill: { readonly file: number; readonly ends: number[] } | undefined
  const addRun = (lines: Line[]) => {
    spill ??= { file: openSync(spilled, 'w+'), ends: [] }
    const written = writeLines(spill.file, lines.sort(byId))
    spill.ends.push((spill.ends.at(-1) ?? 0) + written)
  }
  const held = heldLines(heldBytes, addRun)
  return {
    push: held.push,
    close() {
      try {
        const rest = held.take()
        if (spill === undefined) {
          writeLines(file, rest.sort(byId))
          return
        }
        if (rest.length > 0) addRun(rest)
        const { file: runs, ends } = spill
        writeLines(file, merged(ends.map((end, n) => readLines(runs, n === 0 ? 0 : ends[n - 1]!, end))))
      } finally {
        closeSync(file)
        if (spill !== undefined) {
          closeSync(spill.file)
          rmSync(spilled)
        }
      }
    },
  }
}

function byId(a: Line, b: Line): number {
  if (a.id !== b.id) return a.id < b.id ? -1 : 1
  return a.text < b.text ? -1 : a.text > b.text ? 1 : 0
}

/** Gives the bytes written. */
function writeLines(file: number, lines: Iterable<Line>): number {
  let [written, waiting, length] = [0, [] as string[], 0]
  const flush = () => {
    const bytes = Buffer.from(waiting.join(''))
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at)
    written += bytes.length
    ;[waiting, length] = [[], 0]
  }
  for (const { text } of lines) {
    waiting.push(`${text}\n`)
    length += text.length
    if (length >= blockBytes) flush()
  }
  flush()
  return written
}

/** The lines of a run, a block of them at a time. */
function* readLines(file: number, start: number, end: number): Generator<Line> {
  let rest: Uint8Array = new Uint8Array()
  for (let at = start; at < end; ) {
    const block = Buffer.allocUnsafe(Math.min(blockBytes, end - at))
    at += readSync(file, block, 0, block.length, at)
    const bytes = rest.length === 0 ? block : Buffer.concat([rest, block])
    const whole = bytes.lastIndexOf(0x0a) + 1
    rest = bytes.subarray(whole)
    if (whole === 0) continue
    for (const text of bytes.toString('utf8', 0, whole - 1).split('\n')) {
      yield { id: (JSON.parse(text) as Line).id, text }
    }
  }
}

/** Sorted runs as one: they stand in order of their next lines, and the first one gives its line and takes a new place. */
function* merged(runs: readonly Generator<Line>[]): Generator<Line> {
  const waiting: { line: Line; run: Generator<Line> }[] = []
  const place = (run: Generator<Line>) => {
    const next = run.next()
    if (next.done) return
    let [low, high] = [0, waiting.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (byId(waiting[middle]!.line, next.value) <= 0) low = middle + 1
      else high = middle
    }
    waiting.splice(low, 0, { line: next.value, run })
  }
  for (const run of runs) place(run)
  for (let first = waiting.shift(); first !== undefined; first = waiting.shift()) {
    yield first.line
    place(first.run)
  }
}
