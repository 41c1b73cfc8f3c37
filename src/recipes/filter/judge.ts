import { type TestRuns, testRuns } from '../../filters/decontamination.js'
import type { Document } from '../../filters/document.js'
import { type Family, families } from '../../filters/index.js'
import { languageFilter } from '../../filters/language.js'
import { findShards, readShard } from '../../formats/index.js'
import { UsageError } from '../../stream/errors.js'
import type { Reason } from '../../stream/keep.js'
import { suggest } from '../../text/suggest.js'
import { type FilterConfig, ruleNames } from './options.js'

/** A family that was asked for, with the name that its rejects are counted under. */
export type NamedFamily = Family & { readonly name: string }

/** The families of `config.rules`, in order; an unknown one is a {@link UsageError} with what was probably meant. */
export async function openFamilies(config: FilterConfig, signal: AbortSignal): Promise<NamedFamily[]> {
  const names = config.rules
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
  const opened: NamedFamily[] = []
  for (const name of names) opened.push({ ...(await openFamily(name, config, signal)), name })
  return opened
}

async function openFamily(name: string, config: FilterConfig, signal: AbortSignal): Promise<Family> {
  if (Object.hasOwn(families, name)) return families[name as keyof typeof families]
  const opener = openers[name]
  if (opener !== undefined) return opener(config, signal)
  const near = suggest(name, ruleNames)
  throw new UsageError(`Unknown rules \`${name}\``, {
    fix: near ? `Did you mean \`${near}\`?` : `Choose among ${ruleNames.join(', ')}.`,
  })
}

const openers: Readonly<Record<string, (config: FilterConfig, signal: AbortSignal) => Promise<Family>>> = {
  length: async ({ minChars, maxChars }) => {
    const tooShort = `fewer than ${minChars} characters`
    const tooLong = `more than ${maxChars} characters`
    const judge = ({ chars }: Document): Reason | undefined =>
      chars < minChars
        ? { reason: tooShort, detail: `${chars}` }
        : chars > maxChars
          ? { reason: tooLong, detail: `${chars}` }
          : undefined
    return { summary: 'characters', judge }
  },
  language: async ({ languages }) => {
    const judge = await languageFilter(languages.split(',').map((language) => language.trim()))
    return { summary: 'language', judge: ({ text }) => judge(text) }
  },
  decontamination: async (config, signal) => {
    const runs = await readTestSet(config, signal)
    return { summary: 'test sets', judge: ({ text }) => runs.judge(text) }
  },
}

async function readTestSet({ testData, testColumns, testWords }: FilterConfig, signal: AbortSignal): Promise<TestRuns> {
  if (testData === undefined) {
    throw new UsageError('Decontamination needs a test set', { fix: 'Name its file with --test-data.' })
  }
  const wanted = testColumns.split(',').filter((column) => column !== '')
  const runs = testRuns({ words: testWords })
  for (const shard of await findShards([testData])) {
    for await (const rows of readShard(shard, { signal, ...(wanted.length > 0 && { columns: wanted }) })) {
      for (const row of rows) for (const value of Object.values(row)) if (typeof value === 'string') runs.add(value)
    }
  }
  if (runs.size === 0) {
    throw new UsageError(`The test set ${testData} holds no text of eight words or more`, {
      fix: 'Name the columns that hold its questions with --test-columns.',
    })
  }
  return runs
}
