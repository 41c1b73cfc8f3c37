import { readFile } from 'node:fs/promises'
import { runPaths } from '../run/paths.js'
import { ResumeMismatchError } from '../stream/errors.js'
import { statIfThere } from '../stream/stat-if-there.js'
import { writeDurably } from '../stream/write-durably.js'

/**
 * Notes the embedder of the run in `out`, or throws a ResumeMismatchError where the run began with another: a model's files may
 * change under the same name, and vectors of two models have nothing to say to each other.
 */
export async function requireSameEmbedder(out: string, id: string): Promise<void> {
  const { state, embedder } = runPaths(out)
  if ((await statIfThere(state)) === undefined) return
  if ((await statIfThere(embedder)) === undefined) return writeDurably(embedder, id)
  const before = await readFile(embedder, 'utf8')
  if (before === id) return
  throw new ResumeMismatchError(`The run in ${out} embedded texts by ${before}, and its embedder is now ${id}`, {
    fix: 'Put the model back as it was, or start anew in another folder.',
  })
}
