import { lookup as dnsLookup, type LookupAddress } from 'node:dns'
import { BlockList, isIP, type LookupFunction } from 'node:net'
import { isLoopback } from './endpoint.js'

/** The code of the error with which {@link publicLookup} refuses. */
export const privateAddressCode = 'E_PRIVATE_ADDRESS'

const reserved = new BlockList()
// Loopback, private, shared, link-local (cloud metadata lives there), benchmark, multicast and reserved ranges.
for (const range of [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.0.0.0/24'],
  ...['192.168.0.0/16', '198.18.0.0/15', '224.0.0.0/4', '240.0.0.0/4'],
]) {
  reserved.addSubnet(range.split('/')[0]!, Number(range.split('/')[1]), 'ipv4')
}
for (const range of ['::/127', 'fc00::/7', 'fe80::/10', 'ff00::/8']) {
  reserved.addSubnet(range.split('/')[0]!, Number(range.split('/')[1]), 'ipv6')
}

/** Whether an IP address belongs to this machine or a network behind it rather than to the public internet. */
export function isPrivateAddress(address: string): boolean {
  return reserved.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
}

/** Whether a URL's host is, without asking anyone, this machine or a private address. */
export function isPrivateHost(hostname: string): boolean {
  const name = hostname.replace(/^\[|\]$/g, '')
  return isIP(name) === 0 ? isLoopback(name) : isPrivateAddress(name)
}

/** Whether a URL's host is private or its name leads to a private address; false where nobody knows the name. */
export async function leadsToPrivate(hostname: string): Promise<boolean> {
  const name = hostname.replace(/^\[|\]$/g, '')
  if (isIP(name) !== 0 || isLoopback(name)) return isPrivateHost(name)
  return new Promise((resolve) => {
    dnsLookup(name, { all: true }, (error, found) => {
      resolve(error === null && found.some(({ address }) => isPrivateAddress(address)))
    })
  })
}

/** The system's look-up of names, with an error where an answer is private: the check and the connection share one answer. */
export const publicLookup: LookupFunction = (hostname, options, callback) => {
  dnsLookup(hostname, { ...options, all: true }, (error, found: LookupAddress[]) => {
    const inside = error === null ? found.find(({ address }) => isPrivateAddress(address)) : undefined
    const refused = Object.assign(new Error(`${hostname} leads to a private address`), { code: privateAddressCode })
    if (error !== null || inside !== undefined) callback(error ?? refused, '', 0)
    else if (options.all) callback(null, found)
    else callback(null, found[0]!.address, found[0]!.family)
  })
}
