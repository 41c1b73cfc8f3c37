import type { Columns } from '../formats/index.js'
import { jsonValue } from '../formats/json-values.js'
import { costOf, type Price, priceOf } from '../models/prices.js'
import type { Usage } from '../models/types.js'
import type { Answer, Question } from '../models/wrapped.js'
import { type Explanation, explainRow } from '../recipes/explain.js'
import type { DuplicateFacts } from '../recipes/pass/row-facts.js'
import { readRunFolder } from '../run/run-folder.js'
import { printable } from './failure.js'
import { embedderKeyFlags, readMachine } from './recipe-flags.js'
import type { Flag, Verb } from './verb.js'

const flags: readonly Flag[] = [
  { name: 'journal', type: 'string', description: 'folder of replies, where the run was given one' },
  { name: 'prices', type: 'string', description: 'YAML file of prices' },
  ...embedderKeyFlags,
]

export const explainVerb: Verb = {
  operands: '<out> <id>',
  example: "sluice explain out 'corpus.parquet#17'",
  flags,
  run: async ([out, id], given, terminal) => {
    const { prices, journal, embedderApiKeyEnv, embedderApiKeyFile } = await readMachine(given)
    const explanation = await explainRow(out!, id!, { journal, embedderApiKeyEnv, embedderApiKeyFile })
    const { config } = (await readRunFolder(out!)).plan
    const price = typeof config.model === 'string' ? priceOf(config as { model: string }, prices) : undefined
    if (terminal.json) terminal.out(JSON.stringify(jsonValue({ ...explanation, ...(price && { price }) })))
    else for (const line of lines(explanation, price)) terminal.out(printable(line))
    return 0
  },
}

function* lines(explanation: Explanation, price: Price | undefined): Generator<string> {
  const { id, source, lost, asked, rows } = explanation
  yield `${id}${source ? `: row ${source.row} of ${source.path}` : ''}`
  if (source?.columns) yield indented(columnsText(source.columns))
  yield* factLines(explanation)
  for (const { pass, model, call, reply } of asked) {
    yield ''
    const which = 'ordinal' in call ? `reply ${call.ordinal + 1}` : 'score'
    yield `${pass}: ${call.stage}, ${which}, ${model}, about ${call.rowId}`
    for (const line of questionLines(call)) yield indented(line)
    yield reply ? indented(answerLine(reply)) : '  no reply was kept'
    if (reply?.usage) yield `  ${spent(reply.usage, price)}`
  }
  for (const { id: row, outcome, stage, reason, detail, duplicate_of: of, score } of lost) {
    yield `\n${row}: ${outcome} at ${stage}: ${reason}${alikeText(of, score)}${detail ? ` (${detail})` : ''}`
  }
  for (const row of rows) yield `\nin the result:\n${indented(columnsText(row))}`
}

/** A row's columns as JSON to look at: of a vector and of bytes the first few, and how many there are. */
function columnsText(columns: Columns): string {
  const short = (value: unknown) => {
    if (!ArrayBuffer.isView(value)) return jsonValue(value)
    const numbers = Array.from(value as Uint8Array | Float32Array)
    const first = numbers.slice(0, 4).map((number) => (Number.isInteger(number) ? number : number.toFixed(4)))
    return `${first.join(', ')}${numbers.length > 4 ? `, … (${numbers.length} in all)` : ''}`
  }
  const entries = Object.entries(columns).map(([name, value]) => [name, short(value)])
  return JSON.stringify(Object.fromEntries(entries), null, 2)
}

/** What a selection, a deduplication or a filter found out about the row. */
function* factLines({ choice, duplicates, rules }: Explanation): Generator<string> {
  if (choice?.cluster !== undefined) {
    yield `cluster ${choice.cluster}, at a squared distance of ${choice.distance!.toFixed(4)} from its centroid`
  }
  if (choice?.alike)
    yield `in its cluster most like ${choice.alike.of}, by a cosine of ${choice.alike.cosine.toFixed(4)}`
  if (choice?.turn !== undefined) {
    yield `chosen in turn ${choice.turn}, at ${choice.distance!.toFixed(4)} from those before`
  } else if (choice?.isChosen !== undefined) yield choice.isChosen ? 'chosen' : 'kept, and not chosen'
  if (duplicates) yield* duplicateLines(duplicates)
  for (const { family, rule, measures, value, least, most, passes, detail } of rules ?? []) {
    const limit = least === undefined ? `at most ${most}` : `at least ${least}`
    const measured = measures ? `${measures}: ${value === null ? 'none' : shown(value!)}, ${limit}` : (rule ?? '')
    yield `${passes ? 'passes' : 'fails '} ${family}${measured && `: ${measured}`}${detail ? ` (${detail})` : ''}`
  }
}

function* duplicateLines({ threshold, mostAlike, first, left, leftRows, cluster }: DuplicateFacts): Generator<string> {
  if (cluster !== undefined) yield `cluster ${cluster}`
  if (mostAlike) yield `most like ${mostAlike.of}: ${mostAlike.score.toFixed(4)}, duplicates from ${threshold} on`
  if (leftRows === 0) {
    yield 'no duplicate of another row'
    return
  }
  yield `of its group ${first} stays, and ${leftRows} left:`
  for (const { id, of, score } of left) yield `  ${id}${alikeText(of, score)}`
  if (leftRows > left.length) yield `  and ${leftRows - left.length} more`
}

function alikeText(of: unknown, score: unknown): string {
  return typeof of === 'string' && typeof score === 'number' ? `, like ${of} by ${score.toFixed(4)}` : ''
}

function shown(value: number): string {
  return Number.isInteger(value) ? `${value}` : value.toPrecision(3)
}

function questionLines(call: Question): string[] {
  if ('messages' in call) return call.messages.map(({ role, content }) => `${role}: ${content}`)
  return [`prompt: ${call.prompt}`, `continuation: ${call.continuation}`]
}

function answerLine(answer: Answer): string {
  if ('text' in answer) return `reply: ${answer.text}`
  return `log-probability: ${answer.logProbability.toFixed(3)} over ${answer.tokens} tokens`
}

function spent({ promptTokens, completionTokens }: Usage, price: Price | undefined): string {
  const cost = price && costOf(price, promptTokens, completionTokens)
  return `${promptTokens} + ${completionTokens} tokens${cost === undefined ? '' : `, ${cost.toFixed(6)} dollars`}`
}

function indented(text: string): string {
  return `  ${text.replaceAll('\n', '\n  ')}`
}
