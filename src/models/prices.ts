import { readFile } from 'node:fs/promises'
import { UsageError } from '../stream/errors.js'
import { readYaml } from '../text/yaml.js'

/** US dollars for a million tokens. */
export type Price = {
  readonly input: number
  readonly output: number
  /** Which part of it is charged for a batch; all of it where nobody said. */
  readonly batch?: number | undefined
}

/** Of models by the address they are asked at; the list prices of 2025, without discounts for caches. Batches cost half. */
const listed: Readonly<Record<string, Price>> = {
  'api.openai.com gpt-4.1': { input: 2, output: 8 },
  'api.openai.com gpt-4.1-mini': { input: 0.4, output: 1.6 },
  'api.openai.com gpt-4.1-nano': { input: 0.1, output: 0.4 },
  'api.openai.com gpt-4o': { input: 2.5, output: 10 },
  'api.openai.com gpt-4o-mini': { input: 0.15, output: 0.6 },
  'api.openai.com gpt-3.5-turbo': { input: 0.5, output: 1.5 },
  'api.openai.com text-embedding-3-small': { input: 0.02, output: 0 },
  'api.openai.com text-embedding-3-large': { input: 0.13, output: 0 },
  'api.openai.com o4-mini': { input: 1.1, output: 4.4 },
}

/** Which part of the listed prices is charged for a batch. */
const listedBatch = 0.5

/**
 * What a model costs, in calls of its own or in a `batch`: by `own`, the user's table, where it has the model's spec; nothing for a model on this machine; else
 * by the list above. `undefined` where nobody said: a price is never guessed.
 */
export function priceOf(
  { model, endpoint, batch = false }: { model: string; endpoint?: string | undefined; batch?: boolean | undefined },
  own: Readonly<Record<string, Price>> = {},
): Price | undefined {
  if (Object.hasOwn(own, model)) return batch ? inBatches(own[model]!) : own[model]
  if (/^(gguf:|replay:|smollm2$)/.test(model)) return { input: 0, output: 0 }
  const host = endpoint !== undefined && URL.canParse(endpoint) ? new URL(endpoint).host : ''
  const key = `${host} ${model.replace(/^openai:/, '')}`
  if (!Object.hasOwn(listed, key)) return undefined
  return batch ? inBatches({ ...listed[key]!, batch: listedBatch }) : listed[key]
}

function inBatches({ input, output, batch = 1 }: Price): Price {
  return { input: input * batch, output: output * batch }
}

/** Dollars for so many tokens. */
export function costOf(price: Price, promptTokens: number, completionTokens: number): number {
  return (price.input * promptTokens + price.output * completionTokens) / 1e6
}

/** Reads a table of prices in YAML, a model a line: `openai:NAME: {input: 0.15, output: 0.6}`. */
export async function readPrices(path: string): Promise<Record<string, Price>> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (cause) {
    throw new UsageError(`Cannot read the prices ${path}: ${(cause as Error).message}`, { cause })
  }
  const table = readYaml(text, path)
  if (table === null || typeof table !== 'object' || Array.isArray(table)) throw noPrices(path)
  for (const [model, price] of Object.entries(table)) {
    const { input, output, batch = 1 } = (price ?? {}) as Partial<Price>
    if (!isPrice(input) || !isPrice(output) || !isPrice(batch)) throw noPrices(path, ` under ${model}`)
  }
  return table as Record<string, Price>
}

function isPrice(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0
}

function noPrices(path: string, where = ''): UsageError {
  return new UsageError(`Expected ${path} to hold prices, got something else${where}`, {
    fix: 'Write a model a line, dollars for a million tokens: `openai:NAME: {input: 0.15, output: 0.6}`, with `batch: 0.5` where a batch costs half.',
  })
}
