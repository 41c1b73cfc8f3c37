import { verifyRun } from '../recipes/verify.js'
import { CorruptInputError } from '../stream/errors.js'
import type { Verb } from './verb.js'

export const verifyVerb: Verb = {
  operands: '<out>',
  example: 'sluice verify out',
  flags: [],
  run: async ([out], _flags, terminal) => {
    const verified = await verifyRun(out!)
    const { files, bytes, rows, missing, damaged } = verified
    if (terminal.json) terminal.out(JSON.stringify(verified))
    else {
      const kept = missing > 0 ? `; ${missing} files of finished passes are no longer kept` : ''
      terminal.out(`${files} files as committed, ${bytes.toLocaleString('en')} bytes; ${rows} rows read${kept}`)
      for (const { path, problem } of damaged) terminal.out(`damaged: ${path}: ${problem}`)
    }
    if (damaged.length === 0) return 0
    // One may be both not what was committed and not to be read.
    const paths = [...new Set(damaged.map(({ path }) => path))]
    const what = paths.length === 1 ? `A file of ${out} is` : `${paths.length} files of ${out} are`
    throw new CorruptInputError(`${what} damaged: ${paths.join(', ')}`, {
      fix: 'Remove what is damaged and run the command again: it is done anew, with the replies of the journal.',
    })
  },
}
