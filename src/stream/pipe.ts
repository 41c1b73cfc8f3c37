import { pipe as itPipe } from 'it-pipe'
import type { Batches, Sink, Stage } from './types.js'

/**
 * Joins a source, any number of stages and, at the end, a sink. Without a sink it gives the last stage's batches.
 * It is it-pipe underneath; the overloads are ours because it-pipe's own infer `unknown` for generic stage makers.
 */
export function pipe<A, B>(source: Batches<A>, a: Stage<A, B>): Batches<B>
export function pipe<A, R>(source: Batches<A>, sink: Sink<A, R>): Promise<R>
export function pipe<A, B, C>(source: Batches<A>, a: Stage<A, B>, b: Stage<B, C>): Batches<C>
export function pipe<A, B, R>(source: Batches<A>, a: Stage<A, B>, sink: Sink<B, R>): Promise<R>
export function pipe<A, B, C, D>(source: Batches<A>, a: Stage<A, B>, b: Stage<B, C>, c: Stage<C, D>): Batches<D>
export function pipe<A, B, C, R>(source: Batches<A>, a: Stage<A, B>, b: Stage<B, C>, sink: Sink<C, R>): Promise<R>
export function pipe<A, B, C, D, E>(
  source: Batches<A>,
  a: Stage<A, B>,
  b: Stage<B, C>,
  c: Stage<C, D>,
  d: Stage<D, E>,
): Batches<E>
export function pipe<A, B, C, D, R>(
  source: Batches<A>,
  a: Stage<A, B>,
  b: Stage<B, C>,
  c: Stage<C, D>,
  sink: Sink<D, R>,
): Promise<R>
export function pipe<A, B, C, D, E, F>(
  source: Batches<A>,
  a: Stage<A, B>,
  b: Stage<B, C>,
  c: Stage<C, D>,
  d: Stage<D, E>,
  e: Stage<E, F>,
): Batches<F>
export function pipe<A, B, C, D, E, R>(
  source: Batches<A>,
  a: Stage<A, B>,
  b: Stage<B, C>,
  c: Stage<C, D>,
  d: Stage<D, E>,
  sink: Sink<E, R>,
): Promise<R>
export function pipe<A, B, C, D, E, F, R>(
  source: Batches<A>,
  a: Stage<A, B>,
  b: Stage<B, C>,
  c: Stage<C, D>,
  d: Stage<D, E>,
  e: Stage<E, F>,
  sink: Sink<F, R>,
): Promise<R>
export function pipe(source: Batches<unknown>, ...stages: unknown[]): unknown {
  return (itPipe as (...parts: unknown[]) => unknown)(source, ...stages)
}

/** Several stages as one. With none it passes rows through. */
export function compose<A>(): Stage<A, A>
export function compose<A, B>(a: Stage<A, B>): Stage<A, B>
export function compose<A, B, C>(a: Stage<A, B>, b: Stage<B, C>): Stage<A, C>
export function compose<A, B, C, D>(a: Stage<A, B>, b: Stage<B, C>, c: Stage<C, D>): Stage<A, D>
export function compose<R>(...stages: Stage<R, R>[]): Stage<R, R>
export function compose(...stages: Stage<unknown, unknown>[]): Stage<unknown, unknown> {
  return (source) => stages.reduce((rows, stage) => stage(rows), source)
}
