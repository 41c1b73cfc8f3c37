/** What a code unit's NFKC is, or that its neighbours must be asked. */
export type NormalForms = {
  /** For each of 65,536 code units: 0 where it is itself, 1 where its neighbours matter, otherwise a place in `pool`. */
  readonly places: Uint16Array
  /** At each place a length, then so many units. */
  readonly pool: Uint16Array
}

/** Marks, and the jamo that follow another: what may combine with, or change places with, the character before it. */
const joinsLeft = /^[\p{M}\u1160-\u11ff]/u

/**
 * Asks the engine what NFKC makes of each code unit alone. Where none of a text's units has its neighbours to ask, NFKC of
 * the text is that of its units, one after another. A form longer in UTF-16 than the unit in UTF-8 is left to be asked for.
 */
export function normalForms(poolUnits: number): NormalForms {
  const places = new Uint16Array(0x10000)
  const pool = new Uint16Array(poolUnits)
  // A place is neither 0 nor 1.
  let end = 2
  for (let unit = 0x80; unit < 0x10000; unit++) {
    if (isItself(unit)) continue
    const character = String.fromCharCode(unit)
    const normal = character.normalize('NFKC')
    const fits = normal.length <= (unit < 0x800 ? 2 : 3) && end + 1 + normal.length <= poolUnits
    if (joinsLeft.test(character) || joinsLeft.test(normal) || (normal !== character && !fits)) places[unit] = 1
    else if (normal !== character) {
      places[unit] = end
      pool[end++] = normal.length
      for (let i = 0; i < normal.length; i++) pool[end++] = normal.charCodeAt(i)
    }
  }
  return { places, pool }
}

/** Han, Hangul syllables, surrogates and private use: half of all units, and known without asking. */
function isItself(unit: number): boolean {
  return (unit >= 0x3400 && unit <= 0x9fff) || (unit >= 0xac00 && unit <= 0xd7a3) || (unit >= 0xd800 && unit <= 0xf8ff)
}
