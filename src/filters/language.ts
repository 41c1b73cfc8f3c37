import { UsageError } from '../stream/errors.js'
import type { Reason } from '../stream/keep.js'

/**
 * Keeps texts in one of the languages, ISO 639-1 codes such as `en` and `zh`, as the optional package eld names them from the
 * first few kilobytes; one whose language it is not sure of leaves with that reason. Rejects with a {@link UsageError}
 * where the package is missing or does not know a language.
 */
export async function languageFilter(languages: readonly string[]): Promise<(text: string) => Reason | undefined> {
  const { eld } = await loadEld()
  const known = Object.values(eld.info().Languages)
  for (const language of languages) {
    if (!known.includes(language)) {
      throw new UsageError(`Unknown language \`${language}\``, { fix: `Choose among ${known.sort().join(', ')}.` })
    }
  }
  return (text) => {
    const found = eld.detect(text.slice(0, lookedAt))
    if (!found.isReliable()) return { reason: 'language not certain', detail: found.language }
    return languages.includes(found.language) ? undefined : { reason: 'another language', detail: found.language }
  }
}

/** UTF-16 units that tell a language well enough. */
const lookedAt = 4096

async function loadEld(): Promise<typeof import('eld/small')> {
  try {
    return await import('eld/small')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw cause
    throw new UsageError('Telling languages apart needs the optional package eld', {
      cause,
      fix: 'Install it with: npm install eld@2.1.0',
    })
  }
}
