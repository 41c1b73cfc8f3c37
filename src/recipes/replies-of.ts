import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openModel } from '../models/index.js'
import type { Journal } from '../models/journal.js'
import { callKey } from '../models/key.js'
import { CallFailure, type Model, type Reply, type Score } from '../models/types.js'
import type { Answer, Question } from '../models/wrapped.js'
import type { TaskContext } from '../run/types.js'
import { statIfThere } from '../stream/stat-if-there.js'
import type { PromptTexts } from './ask/prompt-texts.js'
import { repliesFile } from './ask/reply-counts.js'
import { openRun } from './open-run.js'
import type { Resources } from './types.js'

/** A question that a run asked, and its reply as the journal has it; none where there was none to keep. */
export type Asked = { readonly pass: string; readonly model: string; readonly call: Question; readonly reply?: Answer }

export type RepliesOptions = {
  journal: Journal
  /** Which rows' questions to give. */
  isWanted: (rowId: string) => boolean
  resources: Resources
  texts: PromptTexts
  signal: AbortSignal
}

/**
 * What a run asked about some rows, in the order in which it asked. Prompts are not kept, since the run's own code can
 * write them again: the tasks that asked are done once more, in a folder that is thrown away, by a model that answers from
 * the journal alone.
 */
export async function repliesOf(out: string, options: RepliesOptions): Promise<Asked[]> {
  const { journal, isWanted, resources, texts, signal } = options
  const asked: Asked[] = []
  let pass = ''
  let model: Promise<Model> | undefined
  const fromJournal = () => {
    model ??= journalAlone(plan.config as ModelConfig, journal, (call, reply, id) => {
      if (isWanted(call.rowId)) asked.push({ pass, model: id, call, ...(reply && { reply }) })
    })
    return model
  }
  const { plan, passes, ledger } = await openRun(out, { texts, resources: { ...resources, model: fromJournal } })
  const folder = await mkdtemp(join(tmpdir(), 'sluice-explain-'))
  const { committed } = ledger
  const context: TaskContext = { plan, signal, folder, committed, progress: () => {}, warn: () => {} }
  try {
    for (const each of passes) {
      pass = each.name
      const before = asked.length
      for (const { task, folder } of committed(pass)) {
        const hasAsked = await statIfThere(join(folder, repliesFile))
        if (hasAsked && asked.length === before) await each.work(task, context)
      }
    }
    return asked
  } finally {
    await rm(folder, { recursive: true, force: true })
    await (await model)?.close?.()
  }
}

type ModelConfig = { model: string; endpoint?: string }

/** The run's model as the journal knows it; it is opened for its id and never asked. */
async function journalAlone(
  { model: spec, endpoint }: ModelConfig,
  journal: Journal,
  onCall: (call: Question, reply: Answer | undefined, id: string) => void,
): Promise<Model> {
  const model = await openModel(spec, { endpoint, allowHttp: true, env: { HF_TOKEN: 'none is needed' } })
  const kept = async (call: Question) => {
    const reply = await journal.read(callKey(model.id, call))
    onCall(call, reply, model.id)
    if (reply === undefined) throw new CallFailure('no reply in the journal', { attempts: 0 })
    return reply
  }
  // The whole call is in the key, so what is kept under it is of its kind.
  return {
    ...model,
    ask: async (call) => (await kept(call)) as Reply,
    score: async (call) => (await kept(call)) as Score,
  }
}
