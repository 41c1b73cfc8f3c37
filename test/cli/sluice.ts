import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const builtCli = fileURLToPath(new URL('../../dist/cli.js', import.meta.url))

export type Finished = { code: number | null; signal: NodeJS.Signals | null; stdout: string; stderr: string }

type ProcessOptions = { cwd?: string; env?: NodeJS.ProcessEnv; stdin?: string | Uint8Array }

/** Starts the built command line as a user would, after `preload` if given, or another build of it. */
export function startSluice(
  args: readonly string[],
  { preload, cli = builtCli, ...options }: ProcessOptions & { preload?: string; cli?: string } = {},
): { child: ChildProcess; finished: Promise<Finished> } {
  return startNode([...(preload === undefined ? [] : ['--import', preload]), cli, ...args], options)
}

/** Starts Node; `finished` resolves when it ends, however it ends. */
export function startNode(
  args: readonly string[],
  options: ProcessOptions = {},
): { child: ChildProcess; finished: Promise<Finished> } {
  const { NO_COLOR: _, FORCE_COLOR: __, ...inherited } = process.env
  const child = spawn(process.execPath, args, {
    cwd: options.cwd,
    env: { ...inherited, ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  child.stdin.on('error', () => {})
  child.stdin.end(options.stdin ?? '')
  const texts = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      texts[name] += text
    })
  }
  const finished = new Promise<Finished>((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal, ...texts }))
  })
  return { child, finished }
}

/** Runs the built command line to its end. */
export function sluice(args: readonly string[], options: Parameters<typeof startSluice>[1] = {}): Promise<Finished> {
  return startSluice(args, options).finished
}
