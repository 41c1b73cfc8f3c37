import type { Limits } from '../limits.js'
import type { ColumnType } from '../types.js'
import { type Convert, converter } from './convert.js'
import type { Footer } from './footer.js'
import type { SchemaElement, SchemaTree } from './library.js'
import { elementOf } from './schema.js'

/** A leaf of the schema: the stored column that a top-level column, nested or not, has for it. */
export type Leaf = {
  /** The name of the top-level column it belongs to. */
  column: string
  /** Its place among all leaves, which is its place among a row group's chunks. */
  index: number
  path: string[]
  element: SchemaElement
  /** From the root to the leaf. */
  schemaPath: SchemaTree[]
  maxDefinition: number
  maxRepetition: number
  convert: Convert
  /** The length of its vectors, where its column is one of fixed-size lists of floats. */
  vector?: number
  limits: Limits
}

/** All leaves of a schema, in the order of a row group's chunks. */
export function leavesOf({ tree, types }: Footer, limits: Limits): Leaf[] {
  const leaves: Leaf[] = []
  const visit = (node: SchemaTree, above: SchemaTree[]) => {
    const schemaPath = [...above, node]
    if (node.children.length > 0) {
      for (const child of node.children) visit(child, schemaPath)
      return
    }
    const inside = schemaPath.slice(1).map(({ element }) => element.repetition_type)
    const column = schemaPath[1]!
    leaves.push({
      column: column.element.name,
      index: leaves.length,
      path: node.path,
      element: node.element,
      schemaPath,
      maxDefinition: inside.filter((repetition) => repetition !== 'REQUIRED').length,
      maxRepetition: inside.filter((repetition) => repetition === 'REPEATED').length,
      convert: converter(node.element),
      vector: vectorLength(column, types[column.element.name]),
      limits,
    })
  }
  for (const child of tree.children) visit(child, [tree])
  return leaves
}

function vectorLength(column: SchemaTree, type: ColumnType | undefined): number | undefined {
  if (typeof type !== 'object' || !('vector' in type)) return undefined
  const item = elementOf(column)
  return item?.element.type === 'FLOAT' && item.element.repetition_type !== 'REPEATED' ? type.vector : undefined
}
