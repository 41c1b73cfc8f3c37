import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { UsageError } from '../stream/errors.js'
import type { Flag, Terminal, Verb, VerbEntry, VerbGroup } from './verb.js'

const generalFlags: readonly Flag[] = [
  { name: 'json', type: 'boolean', description: 'one JSON object on stdout instead of lines for people' },
  { name: 'quiet', short: 'q', type: 'boolean', description: 'no progress on stderr' },
]

/**
 * Parses `argv` (without node and script), runs the verb it names and gives its exit code. Wrong usage is a
 * {@link UsageError} whose message commander has worded, suggestions included.
 */
export async function runProgram(
  entries: readonly VerbEntry[],
  version: string,
  argv: readonly string[],
): Promise<number> {
  let exitCode = 0
  const program = new Command('sluice')
    .description('Turns corpora of any size into instruction-tuning data: streams in, curated Parquet out.')
    .version(version)
    .showSuggestionAfterError()
  const setExitCode = (code: number) => {
    exitCode = code
  }
  const named = argv.find((word) => !word.startsWith('-') && word !== 'help')
  for (const { name, summary, load } of entries) {
    const command = new Command(name).description(summary)
    if (name === named) define(command, await load(), setExitCode)
    program.addCommand(command)
  }
  settle(program)
  try {
    await program.parseAsync([...argv], { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0) return 0
    if (error.code === 'commander.help') return 2
    throw new UsageError(error.message.replace(/^error: /, ''), { fix: 'See `sluice --help` or `sluice VERB --help`.' })
  }
  return exitCode
}

function define(command: Command, verb: Verb | VerbGroup, setExitCode: (code: number) => void): void {
  command.addHelpText('after', `\nExample:\n  ${verb.example.replaceAll('\n', '\n  ')}`)
  if ('verbs' in verb) {
    for (const inner of verb.verbs) {
      const below = new Command(inner.name).description(inner.summary)
      define(below, inner, setExitCode)
      command.addCommand(below)
    }
    return
  }
  if (verb.operands !== '') command.arguments(verb.operands)
  for (const flag of [...verb.flags, ...generalFlags]) {
    command.addOption(toOption(flag))
    if (flag.type === 'boolean' && flag.default === true)
      command.addOption(new Option(`--no-${longName(flag)}`, 'the opposite'))
  }
  command.action(async () => {
    const flags = command.opts()
    // A variadic operand comes as an array of its own.
    const operands = command.processedArgs.flat().filter((operand) => operand !== undefined) as string[]
    setExitCode(await verb.run(operands, flags, terminal(flags.json === true, flags.quiet === true)))
  })
}

/** As on the command line, without its dashes. */
function longName({ name }: Flag): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}

function toOption(flag: Flag): Option {
  const long = `--${longName(flag)}`
  const value = flag.type === 'boolean' ? '' : flag.choices ? ' <choice>' : flag.type === 'string' ? ' <value>' : ' <n>'
  const standard = flag.default === undefined ? '' : ` (default: ${flag.default})`
  const option = new Option(
    `${flag.short ? `-${flag.short}, ` : ''}${long}${value}`,
    flag.choices ? `${flag.description}: ${flag.choices.join(', ')}${standard}` : `${flag.description}${standard}`,
  )
  if (flag.type === 'number' || flag.type === 'integer') option.argParser(numberParser(flag))
  if (flag.group !== undefined) option.helpGroup(flag.group)
  if (flag.repeats) option.argParser((text: string, before: string[] = []) => [...before, text])
  if (flag.choices) {
    option.argParser((text: string) => {
      if (flag.choices!.includes(text)) return text
      throw new InvalidArgumentError(`Choose one of ${flag.choices!.join(', ')}.`)
    })
  }
  return option
}

function numberParser({
  type,
  min = Number.NEGATIVE_INFINITY,
  max = Number.POSITIVE_INFINITY,
}: Flag): (text: string) => number {
  return (text) => {
    const number = Number(text)
    if (text.trim() === '' || !Number.isFinite(number)) throw new InvalidArgumentError('Expected a number.')
    if (type === 'integer' && !Number.isInteger(number)) throw new InvalidArgumentError('Expected a whole number.')
    if (number < min) throw new InvalidArgumentError(`Expected ${min} or more.`)
    if (number > max) throw new InvalidArgumentError(`Expected ${max} or less.`)
    return number
  }
}

function terminal(json: boolean, quiet: boolean): Terminal {
  return {
    json,
    quiet,
    out: (text) => void process.stdout.write(`${text}\n`),
    err: (text) => void process.stderr.write(`${text}\n`),
  }
}

/** Errors are thrown and worded by the caller; commander itself only ever prints help. */
function settle(command: Command): void {
  command.exitOverride().configureOutput({ outputError: () => {} })
  for (const inner of command.commands) settle(inner as Command)
}
