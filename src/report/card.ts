import { writeYaml } from '../text/yaml.js'

export type CardFacts = {
  /** One line on what the rows are. */
  readonly summary: string
  readonly recipe: string
  readonly config: Readonly<Record<string, unknown>>
  /** The columns as the card's YAML spells them. */
  readonly features: readonly unknown[]
  readonly rows: number
  /** Bytes of the Parquet files together. */
  readonly bytes: number
  /** Bytes of the rows in memory, as Arrow holds them; added up. */
  readonly arrowBytes: number
  readonly sources: readonly { readonly name: string; readonly bytes: number }[]
  /** Lines of the accounting, such as `['rows read', 5812]`. */
  readonly accounting: readonly (readonly [string, number])[]
  /** What was left out because its shard does not decode, a sentence each. */
  readonly badShards: readonly string[]
  /** What a recipe has to show beside it. */
  readonly tables?: readonly CardTable[]
}

/** A table of the card, under a heading of its own. */
export type CardTable = {
  readonly title: string
  readonly head: readonly string[]
  readonly lines: readonly (readonly (string | number)[])[]
}

/**
 * The dataset card: Hugging Face's YAML head (configs and dataset_info, so that `load_dataset(folder)` finds the split
 * and its features) and a page a person can read. Holds no path of the machine it was made on and no time of day.
 */
export function datasetCard(facts: CardFacts): string {
  return `---\n${writeYaml(cardHead(facts))}---\n\n${cardBody(facts)}`
}

function cardHead({ features, rows, bytes, arrowBytes, recipe }: CardFacts): Record<string, unknown> {
  return {
    tags: ['sluice', recipe, ...(recipe === 'select' ? [] : ['synthetic', 'instruction-tuning'])],
    size_categories: [sizeCategory(rows)],
    configs: [{ config_name: 'default', data_files: [{ split: 'train', path: 'data/train-*' }] }],
    dataset_info: {
      config_name: 'default',
      features,
      splits: [{ name: 'train', num_bytes: arrowBytes, num_examples: rows }],
      download_size: bytes,
      dataset_size: arrowBytes,
    },
  }
}

function cardBody({ summary, recipe, config, rows, sources, accounting, badShards, tables = [] }: CardFacts): string {
  const table = (head: string, lines: (readonly [string, unknown])[]) =>
    [head, '| --- | --- |', ...lines.map(([name, value]) => `| ${cell(name)} | ${cell(value)} |`)].join('\n')
  const settings = Object.entries(config).filter(([, value]) => value !== undefined)
  return `# ${rows.toLocaleString('en')} rows by sluice ${recipe}

${summary}

## Where every row went

${table('| rows | |', [...accounting])}

Every row that left on the way, with its stage and its reason, is in \`rejects.parquet\`; rows that were merely not
chosen are counted here only.
${badShards.length === 0 ? '' : leftOut(badShards)}${tables.map(section).join('')}
## How it was made

${table('| option | value |', settings)}

## From what

${table(
  '| shard | bytes |',
  sources.slice(0, 50).map(({ name, bytes }) => [name, bytes] as const),
)}
${sources.length > 50 ? `\nand ${sources.length - 50} more shards.\n` : ''}
Check the licence and the contents of the sources before you share or train on these rows.
`
}

function section({ title, head, lines }: CardTable): string {
  const row = (cells: readonly (string | number)[]) => `| ${cells.map(cell).join(' | ')} |`
  return `\n## ${title}\n\n${[row(head), row(head.map(() => '---')), ...lines.map(row)].join('\n')}\n`
}

function leftOut(badShards: readonly string[]): string {
  const shown = badShards.slice(0, 50).map((each) => `- ${each.replaceAll(/\s+/g, ' ')}`)
  if (badShards.length > 50) shown.push(`- and ${badShards.length - 50} more`)
  return `\nLeft out, as these shards do not decode:\n\n${shown.join('\n')}\n`
}

function cell(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return text.replaceAll('|', '\\|').replaceAll(/\s+/g, ' ')
}

function sizeCategory(rows: number): string {
  const bounds: [number, string][] = [
    [1e3, 'n<1K'],
    [1e4, '1K<n<10K'],
    [1e5, '10K<n<100K'],
    [1e6, '100K<n<1M'],
    [1e7, '1M<n<10M'],
    [1e8, '10M<n<100M'],
    [1e9, '100M<n<1B'],
  ]
  return bounds.find(([bound]) => rows < bound)?.[1] ?? 'n>1B'
}
