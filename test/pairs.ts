import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { paragraph } from './prose.js'

/** JSONL shards of {instruction, input, output} rows in `folder`; the last row of each has no answer. */
export async function writePairShards(folder: string, shards: number, rowsEach: number): Promise<void> {
  await mkdir(folder, { recursive: true })
  for (let shard = 0; shard < shards; shard++) {
    const rows = Array.from({ length: rowsEach }, (_, row) => {
      const text = paragraph(`${shard}-${row}`)
      const [first] = text.split('.')
      return {
        instruction: `Explain why this is so: ${first!.toLowerCase()}?`,
        input: '',
        output: row === rowsEach - 1 ? ' ' : text,
      }
    })
    await writeFile(join(folder, `pairs-${shard}.jsonl`), `${rows.map((row) => JSON.stringify(row)).join('\n')}\n`)
  }
}
