import { Agent, buildConnector, Client, type Dispatcher, EnvHttpProxyAgent, request } from 'undici'
import { UsageError } from '../stream/errors.js'
import { isLoopback } from './endpoint.js'
import { leadsToPrivate, privateAddressCode, publicLookup } from './private-address.js'

const proxyVariables = ['http_proxy', 'HTTP_PROXY', 'https_proxy', 'HTTPS_PROXY'] as const
export type DispatchHandler = Dispatcher.DispatchHandler
export type DispatchController = Dispatcher.DispatchController

const agents = new Map<string, Dispatcher>()

export type Reach = { readonly connectMs: number; readonly publicOnly: boolean }

/**
 * Sends a request over a connection of the right pool; resolves with the head of the answer. With `publicOnly` a host whose
 * name leads to a private address is refused: as the connection is made, or, where a proxy will look the name up, as far as
 * it is known here.
 */
export async function send(
  url: URL,
  reach: Reach,
  options: Omit<Dispatcher.RequestOptions, 'origin' | 'path'>,
): Promise<Dispatcher.ResponseData> {
  if (reach.publicOnly && proxiesFor(targetOf(url)) !== '' && (await leadsToPrivate(url.hostname))) {
    throw Object.assign(new Error(`${url.hostname} leads to a private address`), { code: privateAddressCode })
  }
  return request(url, { ...options, dispatcher: agentFor(targetOf(url), reach) })
}

type Target = { readonly href: string; readonly origin: string; readonly path: string; readonly isHere: boolean }

/** The parts of an address, taken apart once: a model is asked at the same one all the time. */
const targets = new WeakMap<URL, Target>()

function targetOf(url: URL): Target {
  const known = targets.get(url)
  // Whoever reads a listing page by page changes the address.
  if (known?.href === url.href) return known
  const target = {
    href: url.href,
    origin: url.origin,
    path: url.pathname + url.search,
    isHere: isLoopback(url.hostname),
  }
  targets.set(url, target)
  return target
}

/** What one request at a time is sent over: a connection, kept from one to the next, or the pool of those by a proxy. */
export type Lane = { readonly dispatcher: Dispatcher; readonly idle: Lane[] | undefined }

const idleLanes = new Map<string, Lane[]>()
const connectors = new Map<number, ReturnType<typeof buildConnector>>()

/**
 * A lane to the host of an address, to be left once its answer is there. Connections are kept in a list of ours, since undici's
 * pool looks through all it has for a free one, twice a request: of hundreds that takes a fifth of a small exchange's CPU.
 */
export function takeLane(url: URL, connectMs: number): Lane {
  const target = targetOf(url)
  if (proxiesFor(target) !== '')
    return { dispatcher: agentFor(target, { connectMs, publicOnly: false }), idle: undefined }
  const key = `${connectMs} ${target.origin}`
  const idle = idleLanes.get(key) ?? []
  if (idle.length === 0) idleLanes.set(key, idle)
  return idle.pop() ?? { dispatcher: new Client(target.origin, { connect: connectorFor(connectMs) }), idle }
}

/** Sends a request over a lane, telling `handler` what comes. */
export function dispatch(
  { dispatcher }: Lane,
  url: URL,
  options: Omit<Dispatcher.DispatchOptions, 'origin' | 'path'>,
  handler: DispatchHandler,
): void {
  const { origin, path } = targetOf(url)
  dispatcher.dispatch({ ...options, origin, path }, handler)
}

/** Gives a lane back; one whose request failed is given up. */
export function leaveLane(lane: Lane, hasFailed: boolean): void {
  if (!hasFailed) lane.idle?.push(lane)
  else if (lane.idle !== undefined) lane.dispatcher.destroy().catch(() => {})
}

/** How connections are made; one for all of them, as it keeps what TLS can begin the next with. */
function connectorFor(connectMs: number): ReturnType<typeof buildConnector> {
  const known = connectors.get(connectMs)
  if (known !== undefined) return known
  const connector = buildConnector({ timeout: connectMs })
  connectors.set(connectMs, connector)
  return connector
}

/** The values of all variables that name a proxy, as one text; empty where a request goes straight. */
function proxiesFor({ isHere }: Target): string {
  if (isHere) return ''
  const values = proxyVariables.map((name) => process.env[name] ?? '')
  return values.some((value) => value !== '') ? values.join(' ') : ''
}

/**
 * The pool of connections for a request: direct, or by the proxies that HTTP_PROXY, HTTPS_PROXY and NO_PROXY name; this
 * machine is never asked by a proxy.
 */
function agentFor(target: Target, { connectMs, publicOnly }: Reach): Dispatcher {
  const proxies = proxiesFor(target)
  const key = `${connectMs} ${publicOnly} ${proxies}`
  const known = agents.get(key)
  if (known !== undefined) return known
  const timed = { timeout: connectMs }
  const connect = { ...timed, ...(publicOnly && { lookup: publicLookup }) }
  const agent = proxies === '' ? new Agent({ connect }) : proxied({ connect, proxyTls: timed, requestTls: timed })
  agents.set(key, agent)
  return agent
}

function proxied(options: EnvHttpProxyAgent.Options): EnvHttpProxyAgent {
  try {
    return new EnvHttpProxyAgent(options)
  } catch (cause) {
    // Its value may hold a password.
    throw new UsageError('HTTP_PROXY or HTTPS_PROXY holds no address of a proxy', {
      cause,
      fix: 'Set it to one such as http://proxy:3128, or unset it.',
    })
  }
}
