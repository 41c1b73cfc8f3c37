import { Agent, type Dispatcher, EnvHttpProxyAgent, request } from 'undici'
import { UsageError } from '../stream/errors.js'
import { isLoopback } from './endpoint.js'
import { leadsToPrivate, privateAddressCode, publicLookup } from './private-address.js'

const proxyVariables = ['http_proxy', 'HTTP_PROXY', 'https_proxy', 'HTTPS_PROXY'] as const
export type DispatchHandler = Dispatcher.DispatchHandler

const agents = new Map<string, Dispatcher>()

export type Reach = { readonly connectMs: number; readonly publicOnly: boolean }

/** Sends a request over a connection of the right pool; resolves with the head of the answer. */
export async function send(
  url: URL,
  reach: Reach,
  options: Omit<Dispatcher.RequestOptions, 'origin' | 'path'>,
): Promise<Dispatcher.ResponseData> {
  return request(url, { ...options, dispatcher: await agentFor(url, reach) })
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

/** Sends a request over a connection of the right pool, telling `handler` what comes. Rejects where it cannot be sent. */
export async function dispatch(
  url: URL,
  reach: Reach,
  options: Omit<Dispatcher.DispatchOptions, 'origin' | 'path'>,
  handler: DispatchHandler,
): Promise<void> {
  const { origin, path } = targetOf(url)
  const agent = await agentFor(url, reach)
  agent.dispatch({ ...options, origin, path }, handler)
}

/**
 * The pool of connections for a request: direct, or by the proxies that HTTP_PROXY, HTTPS_PROXY and NO_PROXY name; this
 * machine is never asked by a proxy. With `publicOnly` a host whose name leads to a private address is refused: as the
 * connection is made, or, where a proxy will look the name up, as far as it is known here.
 */
async function agentFor(url: URL, { connectMs, publicOnly }: Reach): Promise<Dispatcher> {
  const proxies = targetOf(url).isHere ? [] : proxyVariables.map((name) => process.env[name] ?? '')
  const isProxied = proxies.some((proxy) => proxy !== '')
  if (isProxied && publicOnly && (await leadsToPrivate(url.hostname))) {
    throw Object.assign(new Error(`${url.hostname} leads to a private address`), { code: privateAddressCode })
  }
  const key = `${connectMs} ${publicOnly} ${isProxied ? proxies.join(' ') : ''}`
  const known = agents.get(key)
  if (known !== undefined) return known
  const timed = { timeout: connectMs }
  const connect = { ...timed, ...(publicOnly && { lookup: publicLookup }) }
  const agent = isProxied ? proxied({ connect, proxyTls: timed, requestTls: timed }) : new Agent({ connect })
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
