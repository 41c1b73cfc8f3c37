import pc from 'picocolors'
import { SluiceError } from '../stream/errors.js'

const { NO_COLOR, FORCE_COLOR, TERM } = process.env
// The package alone would colour a pipe too where CI is set.
const { dim, red, yellow } = pc.createColors(
  !NO_COLOR && (Boolean(FORCE_COLOR) || (process.stderr.isTTY === true && TERM !== 'dumb')),
)

/** What to print for an error, and the exit code. */
export function describeFailure(error: unknown): { text: string; exitCode: number } {
  if (error instanceof SluiceError) {
    const fix = error.fix ? `\n${dim('fix:')} ${error.fix}` : ''
    return { text: printable(`${red(`error ${error.code}:`)} ${error.message}${fix}`), exitCode: error.exitCode }
  }
  const message = error instanceof Error ? error.message : String(error)
  const stack = process.env.SLUICE_DEBUG && error instanceof Error ? `\n${error.stack}` : ''
  return {
    text: printable(
      `${red('error E_BUG:')} ${message}${stack}\n${dim('fix:')} This is a bug in sluice: please report it; SLUICE_DEBUG=1 shows where.`,
    ),
    exitCode: 70,
  }
}

/** A line that should not be overlooked. */
export function warning(text: string): string {
  return printable(`${yellow('warning:')} ${text}`)
}

/** Control characters of file names or replies must not reach the terminal; our own colours may. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return text.replace(/\x1b(?!\[\d+m)|[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f]/g, '�')
}
