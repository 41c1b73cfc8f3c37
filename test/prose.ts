import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { uniform } from '../src/text/hash.js'

const subjects = [
  'A cold frame',
  'The old harbour',
  'A good index',
  'The night train',
  'Every compost heap',
  'A paper map',
  'The village choir',
  'A sharp knife',
  'The town library',
  'A slow cooker',
  'The mountain path',
  'A wool blanket',
]
const verbs = [
  'saves more time than people expect',
  'needs care in the first weeks of spring',
  'works best when it is kept dry',
  'has changed little over the last century',
  'rewards anyone who returns to it often',
  'costs less to repair than to replace',
  'depends on the weather far more than on skill',
  'is easier to learn with a patient friend',
]
const reasons = [
  'because small faults are seen before they grow',
  'since most of the effort goes into preparing it',
  'as long as somebody looks after it each week',
  'even though nobody planned it that way',
  'when the days grow longer and the ground warms up',
  'if it is used as it was meant to be used',
]

/** A paragraph of whole sentences, 200 to 700 characters long; the same for the same `id`. */
export function paragraph(id: string): string {
  const pick = (list: readonly string[], use: string) => list[Math.floor(uniform(11, id, use) * list.length)]!
  const length = 3 + Math.floor(uniform(11, id, 'length') * 4)
  return Array.from(
    { length },
    (_, n) => `${pick(subjects, `s${n}`)} ${pick(verbs, `v${n}`)} ${pick(reasons, `r${n}`)}.`,
  ).join(' ')
}

/** JSONL shards of `text` rows in `folder`, with a `score` from 0 to 6 if asked; every seventh is too short for any selector. */
export async function writeProseShards(
  folder: string,
  shards: number,
  rowsEach: number,
  { scores = false } = {},
): Promise<string[]> {
  await mkdir(folder, { recursive: true })
  const paths: string[] = []
  for (let shard = 0; shard < shards; shard++) {
    const lines = Array.from({ length: rowsEach }, (_, row) =>
      JSON.stringify({
        text: row % 7 === 6 ? 'Too short.' : paragraph(`${shard}-${row}`),
        ...(scores && { score: Math.floor(uniform(11, `${shard}-${row}`, 'score') * 61) / 10 }),
      }),
    )
    const path = join(folder, `shard-${shard}.jsonl`)
    await writeFile(path, `${lines.join('\n')}\n`)
    paths.push(path)
  }
  return paths
}
