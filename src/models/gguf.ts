import { availableParallelism } from 'node:os'
import { basename } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import type {
  ChatHistoryItem,
  GbnfJsonSchema,
  Llama,
  LlamaContextSequence,
  LlamaGrammar,
  LlamaModel,
  Token,
} from 'node-llama-cpp'
import { UsageError } from '../stream/errors.js'
import { hash32 } from '../text/hash.js'
import { type Library, loadLibrary, openFile, sizeOfModel } from './gguf-library.js'
import { scoreOf } from './gguf-score.js'
import { callKey } from './key.js'
import type { ReplySchema } from './reply-schema.js'
import { type Call, CallFailure, type Message, type Model, type Reply, type TokenCounter } from './types.js'

export type GgufOptions = {
  /** Tokens a prompt and its reply may fill together; default 4,096, or what the model was trained on where that is less. */
  contextTokens?: number
  /** Most replies written side by side, one thread each; default: as many as the machine runs threads. */
  parallel?: number
  /** Brings the library; replaced where a test wants a machine without it. */
  load?: () => Promise<unknown>
}

/**
 * A GGUF file run on this machine's processor by node-llama-cpp. A reply depends on its call alone: what a sequence keeps
 * of earlier calls is what the call would bring there itself, bit for bit, and the seed is hashed from the call. Without a
 * temperature it takes the likeliest token each time. Rejects with a UsageError where the file or the optional package
 * is missing.
 */
export async function ggufModel(
  path: string,
  { contextTokens = 4096, parallel = availableParallelism(), load = () => import('node-llama-cpp') }: GgufOptions = {},
): Promise<Model> {
  const bytes = await sizeOfModel(path)
  const library = await loadLibrary(load)
  const { llama, model } = await openFile(library, path, parallel)
  const contextSize = Math.min(contextTokens, model.trainContextSize)
  const slots = openSlots(model, contextSize, parallel)
  const grammarOf = grammars(llama)
  const id = `gguf:${basename(path)}:${bytes}`

  return {
    id,
    async ask(call, { signal } = {}) {
      signal?.throwIfAborted()
      const grammar = call.schema && (await grammarOf(call.schema))
      const slot = await slots.take(call.messages)
      try {
        return await answer(library, slot, call, { seed: hash32(callKey(id, call)), grammar, signal })
      } finally {
        slots.giveBack(slot)
      }
    },
    async score(call, { signal } = {}) {
      signal?.throwIfAborted()
      const slot = await slots.take()
      // Nothing of what is evaluated now can be kept for a later call.
      slot.messages = slot.pieces = []
      try {
        return await scoreOf(slot.sequence, call, signal)
      } finally {
        slots.giveBack(slot)
      }
    },
    close: () => llama.dispose(),
  }
}

async function answer(
  { LlamaChat }: Library,
  slot: Slot,
  call: Call,
  { seed, grammar, signal }: { seed: number; grammar?: LlamaGrammar | undefined; signal?: AbortSignal | undefined },
): Promise<Reply> {
  const { sequence } = slot
  const chat = new LlamaChat({ contextSequence: sequence })
  const history = toHistory(call.messages)
  try {
    const tokensOf = (turns: readonly Message[]) =>
      chat.chatWrapper
        .generateContextState({ chatHistory: toHistory(turns) })
        .contextText.tokenize(sequence.model.tokenizer)
    const prompt = tokensOf(call.messages)
    const promptTokens = prompt.length
    // Past this the library would drop the start of the prompt and carry on, and the reply would answer half a question.
    if (promptTokens + call.maxTokens > sequence.contextSize) {
      const message = `${promptTokens} tokens and ${call.maxTokens} for the reply, into a context of ${sequence.contextSize}`
      throw new CallFailure('prompt too long', { attempts: 1, message })
    }
    await readPrompt(slot, prompt, commonLength(prompt, tokensOf(call.messages.slice(0, -1))))
    slot.messages = call.messages
    const before = sequence.tokenMeter.usedOutputTokens
    const { response, metadata } = await chat.generateResponse(history, {
      maxTokens: call.maxTokens,
      temperature: call.temperature ?? 0,
      topP: call.topP ?? 1,
      ...(call.presencePenalty === undefined ? {} : { repeatPenalty: { presencePenalty: call.presencePenalty } }),
      customStopTriggers: call.stop,
      ...(grammar && { grammar }),
      seed,
      signal,
    })
    return {
      text: response,
      finish: metadata.stopReason === 'maxTokens' ? 'length' : 'stop',
      usage: { promptTokens, completionTokens: sequence.tokenMeter.usedOutputTokens - before },
    }
  } finally {
    chat.dispose({ disposeSequence: false })
  }
}

/** The grammar of a schema, made once for each. */
function grammars(llama: Llama): (schema: ReplySchema) => Promise<LlamaGrammar> {
  const known = new Map<string, Promise<LlamaGrammar>>()
  return ({ schema }) => {
    const key = JSON.stringify(schema)
    const grammar = known.get(key) ?? llama.createGrammarForJsonSchema<GbnfJsonSchema>(schema)
    known.set(key, grammar)
    return grammar
  }
}

/** The library wants the turn it is to write as the last one; a closing turn of the assistant is carried on. */
function toHistory(messages: readonly Message[]): ChatHistoryItem[] {
  const history: ChatHistoryItem[] = messages.map(({ role, content }) =>
    role === 'assistant' ? { type: 'model', response: [content] } : { type: role, text: content },
  )
  if (history.at(-1)?.type !== 'model') history.push({ type: 'model', response: [] })
  return history
}

/** A sequence, what was last asked in it, and the piece by piece of its prompt that it holds. */
type Slot = { readonly sequence: LlamaContextSequence; messages: readonly Message[]; pieces: readonly Token[][] }

/**
 * Brings the prompt into the sequence in two pieces, the turns before the last one and the rest but for one token, and
 * keeps the pieces it already holds: examples that every call begins with are read once. Always cut at the same places,
 * because a token's numbers depend in their last bits on what is computed together with it.
 */
async function readPrompt(slot: Slot, prompt: readonly Token[], turnsBefore: number): Promise<void> {
  const { sequence } = slot
  const pieces = [prompt.slice(0, turnsBefore), prompt.slice(turnsBefore, -1)].filter((piece) => piece.length > 0)
  let held = 0
  while (held < slot.pieces.length && isDeepStrictEqual(slot.pieces[held], pieces[held])) held++
  const keep = pieces.slice(0, held).flat().length
  slot.pieces = []
  if (held === 0) await sequence.clearHistory()
  else if (keep < sequence.nextTokenIndex) {
    await sequence.eraseContextTokenRanges([{ start: keep, end: sequence.nextTokenIndex }])
  }
  for (const piece of pieces.slice(held)) await sequence.evaluateWithoutGeneratingNewTokens(piece)
  slot.pieces = pieces
}

function commonLength(a: readonly Token[], b: readonly Token[]): number {
  let length = 0
  while (length < a.length && a[length] === b[length]) length++
  return Math.min(length, a.length - 1)
}

/**
 * Sequences to answer in, opened as they are needed and lent to one call at a time, of the idle ones that which begins
 * most like the call: twice as many as answer at once, since the stages of a recipe take turns. A score, which can use
 * nothing of earlier calls, takes any, one that holds nothing first, and has one opened only where none is idle. Each
 * has a context and one thread to itself: sequences that share a context are computed in one batch, and two of eight
 * texts then came out otherwise than alone; two threads in one context took 21 s against 4.4 s on two busy cores,
 * because they spin.
 */
function openSlots(model: LlamaModel, contextSize: number, atOnce: number) {
  const idle: Slot[] = []
  const waiting: (() => void)[] = []
  let opened = 0
  let lent = 0

  const open = async (): Promise<Slot> => {
    opened++
    try {
      const context = await model.createContext({ contextSize, sequences: 1, threads: 1 })
      return { sequence: context.getSequence(), messages: [], pieces: [] }
    } catch (cause) {
      opened--
      lent--
      waiting.shift()?.()
      throw new UsageError(`Cannot open a context of ${contextSize} tokens: ${(cause as Error).message}`, {
        cause,
        fix: 'Ask for a smaller context, or for fewer replies at once.',
      })
    }
  }
  const take = async (messages?: readonly Message[]): Promise<Slot> => {
    while (lent >= atOnce) await new Promise<void>((resolve) => waiting.push(resolve))
    lent++
    const use = idle.map((slot) => (messages ? sharedTurns(slot.messages, messages) : -slot.messages.length))
    const best = use.indexOf(Math.max(...use))
    const isWelcome = messages === undefined || use[best]! > 0 || opened >= 2 * atOnce
    if (best >= 0 && isWelcome) return idle.splice(best, 1)[0]!
    return open()
  }
  const giveBack = (slot: Slot) => {
    lent--
    idle.push(slot)
    waiting.shift()?.()
  }
  return { take, giveBack }
}

function sharedTurns(a: readonly Message[], b: readonly Message[]): number {
  let shared = 0
  while (shared < a.length && isDeepStrictEqual(a[shared], b[shared])) shared++
  return shared
}

/** Counts by the file's own tokeniser and chat template, without loading its weights. Rejects as {@link ggufModel} does. */
export async function ggufTokenCounter(path: string): Promise<TokenCounter> {
  await sizeOfModel(path)
  const library = await loadLibrary(() => import('node-llama-cpp'))
  const { llama, model } = await openFile(library, path, 1, { vocabOnly: true })
  const wrapper = library.resolveChatWrapper(model)
  return {
    prompt: (messages) =>
      wrapper.generateContextState({ chatHistory: toHistory(messages) }).contextText.tokenize(model.tokenizer).length,
    reply: (text) => model.tokenize(text).length,
    isExact: true,
    close: () => llama.dispose(),
  }
}
