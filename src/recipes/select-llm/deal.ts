import { appendFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readShard } from '../../formats/index.js'
import { emptyTally } from '../../run/tally.js'
import type { Pass, RunView } from '../../run/types.js'
import { statIfThere } from '../../stream/stat-if-there.js'
import { countCommitted, readRows } from '../pass/artifacts.js'
import { onBadAgain } from '../pass/bad-shards.js'
import { readTexts, type TextConfig, type TextRow } from '../select/corpus.js'
import type { Kept } from '../select/scan.js'
import type { Resources } from '../types.js'
import { readPlaces } from './group.js'
import { dealOf, type SelectLlmConfig } from './options.js'

/** A row as a question shows it; `item` is its number among all kept rows. */
export type DealtRow = {
  readonly question: number
  readonly place: number
  readonly item: number
  readonly distance: number
  readonly text: string
}

/** Rows that a packet of questions holds about: what a task of the questions has in memory at once. */
const packetRows = 20_000

/** Questions are asked by packets; each scan task deals its rows out into as many files. */
export function packetsOf(run: RunView, config: SelectLlmConfig): { packets: number; questionsEach: number } {
  const { questions, items } = dealOf(countCommitted(run, ['scan']), config)
  const questionsEach = Math.max(1, Math.floor(packetRows / Math.max(1, items)))
  return { packets: Math.ceil(questions / questionsEach), questionsEach }
}

/** Reads every kept row's text a second time and lays it into the packet of its question. */
export function dealPass(config: SelectLlmConfig & TextConfig, { reading }: Resources): Pass {
  return {
    name: 'deal',
    tasks: async (run) => run.committed('scan').map(({ task }) => task),
    async work(task, context) {
      const { plan, folder, signal, progress } = context
      const placesOf = await readPlaces(context)
      const { questionsEach } = packetsOf(context, config)
      const scans = context.committed('scan')
      const at = scans.findIndex((scan) => scan.task.id === task.id)
      const kept = scans[at]!
      let item = scans.slice(0, at).reduce((sum, { tally }) => sum + tally.out, 0)
      const packets = createPackets(folder)
      try {
        const { rows } = task
        const texts = readTexts(plan.shards[task.shard!]!, config, {
          ...{ rows, signal, reading, onReject: () => {} },
          onBad: onBadAgain(config),
        })
        for await (const rows of keptTexts(texts, readRows<Kept>(join(kept.folder, 'kept.parquet')))) {
          for (const text of rows) {
            for (const { question, ...place } of placesOf(item)) {
              await packets.add(Math.floor(question / questionsEach), { question, ...place, item, text })
            }
            item++
          }
          progress(rows.length)
        }
      } finally {
        await packets.close()
      }
      return emptyTally
    },
  }
}

/** The texts of the rows that the scan kept: two walks in step. */
async function* keptTexts(
  texts: AsyncIterable<readonly TextRow[]>,
  kept: AsyncIterable<readonly Kept[]>,
): AsyncGenerator<string[]> {
  const rows = flat(kept)
  let next = await rows.next()
  for await (const batch of texts) {
    const found: string[] = []
    for (const { row, text } of batch) {
      if (next.done || next.value.row !== row) continue
      found.push(text)
      next = await rows.next()
    }
    if (found.length > 0) yield found
  }
  await rows.return(undefined)
}

async function* flat<R>(batches: AsyncIterable<readonly R[]>): AsyncGenerator<R> {
  for await (const batch of batches) yield* batch
}

const packetFile = (packet: number) => `packet-${String(packet).padStart(6, '0')}.jsonl`

/** Bytes that all packets of a task may hold back between them before they are written out. */
const heldChars = 8 * 1024 * 1024

function createPackets(folder: string) {
  const held = new Map<number, string[]>()
  let chars = 0
  const flush = async () => {
    for (const [packet, lines] of held) await appendFile(join(folder, packetFile(packet)), lines.join(''))
    held.clear()
    chars = 0
  }
  return {
    async add(packet: number, row: DealtRow) {
      const line = `${JSON.stringify(row)}\n`
      const lines = held.get(packet)
      if (lines === undefined) held.set(packet, [line])
      else lines.push(line)
      chars += line.length
      if (chars >= heldChars) await flush()
    },
    close: flush,
  }
}

/** The questions of a packet in order, each with its rows in order. */
export async function readPacket(run: RunView, packet: number): Promise<DealtRow[][]> {
  const questions = new Map<number, DealtRow[]>()
  for (const { folder } of run.committed('deal')) {
    const path = join(folder, packetFile(packet))
    // A scan task that has no row of the packet left no file.
    if (!(await statIfThere(path))) continue
    const lines = readShard({ path, format: 'jsonl' }) as AsyncIterable<unknown> as AsyncIterable<readonly DealtRow[]>
    for await (const batch of lines) {
      for (const row of batch) {
        const rows = questions.get(row.question)
        if (rows === undefined) questions.set(row.question, [row])
        else rows.push(row)
      }
    }
  }
  return [...questions].sort(([a], [b]) => a - b).map(([, rows]) => rows.sort((a, b) => a.place - b.place))
}
