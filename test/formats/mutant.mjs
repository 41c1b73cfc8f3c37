// Copies of a file with some of its bytes changed, the same ones for the same seed: for tests and for the hostile round.

/** @type {import('./mutant.d.mts').mutate} */
export function mutate(bytes, uniform, seed, id) {
  const pick = (/** @type {string} */ use, /** @type {number} */ below) => Math.floor(uniform(seed, id, use) * below)
  const mutant = Uint8Array.from(bytes)
  // Half of them in the last fifth, where the footer lies.
  const span = pick('where', 2) === 0 ? bytes.length : Math.floor(bytes.length / 5)
  for (let i = 0; i <= pick('count', 4); i++) {
    const at = bytes.length - 1 - pick(`at${i}`, span)
    const how = pick(`how${i}`, 4)
    if (how === 0) mutant[at] = (mutant[at] ?? 0) ^ (1 << pick(`bit${i}`, 8))
    else if (how === 1) mutant[at] = pick(`byte${i}`, 256)
    else if (how === 2) mutant.fill(255, at, at + 1 + pick(`fill${i}`, 5))
    else mutant.copyWithin(at, pick(`from${i}`, bytes.length), bytes.length - pick(`to${i}`, 8))
  }
  return mutant
}
