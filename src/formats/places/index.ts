import { UsageError } from '../../stream/errors.js'
import { local } from './local.js'
import type { Place } from './place.js'

/** Every place but this machine, by what its addresses begin with; loaded when an address first names it. */
const places: Readonly<Record<string, () => Promise<Place>>> = {
  https: async () => (await import('./web.js')).web,
  http: async () => (await import('./web.js')).web,
  hf: async () => (await import('./hub.js')).hub,
  s3: async () => (await import('./s3.js')).s3,
}

/** The place of a path: this machine, unless the path begins with the scheme of another. Throws a UsageError for one unknown. */
export async function placeOf(path: string): Promise<Place> {
  const scheme = /^([a-z][\w+.-]+):\/\//i.exec(path)?.[1]?.toLowerCase()
  if (scheme === undefined) return local
  if (Object.hasOwn(places, scheme)) return places[scheme]!()
  throw new UsageError(`sluice reads nothing from ${scheme}://`, {
    fix: `It reads local paths, ${Object.keys(places)
      .filter((each) => each !== 'http')
      .map((each) => `${each}://`)
      .join(', ')}.`,
  })
}
