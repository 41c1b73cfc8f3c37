import type { TextColumn } from '../text/column.js'

/** Texts to embed: strings, or a column of UTF-8, which spares an embedder that reads bytes the way through strings. */
export type Texts = readonly string[] | TextColumn

/**
 * Turns texts into vectors. `id` names everything that decides the vectors (the model, its table, its options) and
 * changes whenever they would, so that vectors kept on disk can be trusted by their embedder's id.
 */
export type Embedder = {
  readonly id: string
  readonly dimensions: number
  /**
   * One row of `dimensions` float32 for each text, row after row in one array. A row has length 1, or is all zeros
   * where the text holds nothing the embedder knows. A column gives the same rows as its texts do as strings.
   */
  embed(texts: Texts, options?: { signal?: AbortSignal }): Promise<Float32Array>
  /** Frees what it holds outside of JavaScript, where it does. */
  close?(): Promise<void>
}
