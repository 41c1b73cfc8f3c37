import type { AskOptions, Call, Model, Reply, Score, ScoreCall } from './types.js'

/** Either kind of question to a model, and either kind of answer. */
export type Question = Call | ScoreCall
export type Answer = Reply | Score

/** One way to put a question: a model's `ask` or its `score`. */
export type Send<Q extends Question, A extends Answer> = (question: Q, options?: AskOptions) => Promise<A>

/** The same model with `around` put around both ways to ask it, so that no wrapper forgets one. */
export function wrapped(
  model: Model,
  around: <Q extends Question, A extends Answer>(send: Send<Q, A>) => Send<Q, A>,
): Model {
  const { score } = model
  return { ...model, ask: around(model.ask), ...(score && { score: around(score) }) }
}
