// `node --import ./benchmarks/without_optional.mjs …` runs as after `npm install --omit=optional`: no package that package.json
// calls optional is found.
import { readFileSync } from 'node:fs'
import { register } from 'node:module'

const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
const optional = JSON.stringify(Object.keys(manifest.optionalDependencies))
const hook = `export async function resolve(name, context, next) {
  if (!${optional}.includes(name)) return next(name, context)
  throw Object.assign(new Error('Cannot find package ' + name), { code: 'ERR_MODULE_NOT_FOUND' })
}`
register(`data:text/javascript,${encodeURIComponent(hook)}`)
