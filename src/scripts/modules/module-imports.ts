/** The imports of one execution: what each stands for, whether it may be had, and its text, from the cache or from where it lives. */

import { Type } from "typebox";
import { Compile } from "typebox/compile";
import { understoodEncodings } from "../../platform/http/outgoing/exchange.ts";
import type { Resolve } from "../../platform/http/outgoing/guarded-request.ts";
import { userAgent } from "../../platform/http/outgoing/user-agent.ts";
import type { Log } from "../../platform/log.ts";
import { CallError, PolicyDenial, shortened } from "../capabilities/call-error.ts";
import { refuseAddress } from "../capabilities/fetch-policy.ts";
import { exchangeGuarded, type Guard } from "../capabilities/guarded-exchange.ts";
import type { CachedModule, ModuleCache } from "./module-cache.ts";
import { judgeModule, type ModulePolicy, type ModuleVerdict, type PackageGrant } from "./module-policy.ts";
import { resolveSpecifier, type Wanted } from "./specifier.ts";

export interface ModuleImportsParts {
  /** Asked each time. Undefined: nothing is allowed any more. */
  policy(): ModulePolicy | undefined;
  readonly cache: ModuleCache;
  /** Of one module, beside the policy's own limit. */
  readonly maxModuleBytes: number;
  readonly resolve?: Resolve;
  readonly log: Log;
}

/** As the engine takes it. */
export interface ImportedModule {
  readonly value: { readonly name: string; readonly source: string };
}

/** @throws {CallError} */
export type ImportModule = (args: unknown, signal: AbortSignal) => Promise<ImportedModule>;

/** A module that this execution has been given. */
interface Given {
  readonly grant: PackageGrant;
  readonly content: Buffer;
}

const ImportArguments = Compile(
  Type.Object({
    specifier: Type.String(),
    referrer: Type.String(),
    type: Type.Optional(Type.Literal("json")),
  }),
);

const jsonType = /^(?:application|text)\/(?:[\w.-]+\+)?json\s*(?:;|$)/i;

export function createModuleImports(parts: ModuleImportsParts): ImportModule {
  const given = new Map<string, Given>();
  let modules = 0;
  let bytes = 0;

  function judge(policy: ModulePolicy, specifier: string, wanted: Wanted, inherited: PackageGrant): ModuleVerdict {
    const verdict = judgeModule(policy, wanted, inherited);
    if (typeof verdict === "string") throw denial(specifier, verdict);
    return verdict;
  }

  /** What the engine says of who imports it is believed as far as that one's text bears it out. */
  function grantOf(referrer: string, specifier: string): PackageGrant {
    const importer = given.get(referrer);
    return importer?.content.includes(specifier) ? importer.grant : [];
  }

  return async (args, signal) => {
    if (!ImportArguments.Check(args)) throw new CallError("import: this is not how it is called");
    const { specifier, referrer, type } = args;
    const policy = parts.policy();
    if (policy === undefined) throw denial(specifier, "the policy has no modules any more");
    if (++modules > policy.maxModules)
      throw new CallError(`${shortened(specifier)}: a script may import at most ${policy.maxModules} modules`);
    const inherited = grantOf(referrer, specifier);
    const wanted = resolveSpecifier(specifier, given.has(referrer) ? new URL(referrer) : undefined, policy.bases);
    judge(policy, specifier, wanted, inherited);
    const cached = await parts.cache.find(wanted.url);
    const found = cached ?? (await fetchModule(parts, { policy, specifier, wanted, inherited, signal }));
    // Where a redirect has led to is judged once more, also when it was followed long ago.
    const { grant } = judge(policy, specifier, { ...wanted, url: found.url }, inherited);
    bytes += found.content.length;
    if (bytes > policy.maxTotalBytes)
      throw new CallError(
        `${shortened(specifier)}: all modules of a script have at most ${policy.maxTotalBytes} bytes`,
      );
    if (cached === undefined) await keep(parts, wanted.url, found);
    const { name, source } = engineModule(found, type);
    given.set(name, { grant, content: found.content });
    return { value: { name, source } };
  };
}

function denial(specifier: string, reason: string): PolicyDenial {
  return new PolicyDenial(`Module import denied by policy: ${shortened(specifier)} is not allowed: ${reason}`);
}

interface Fetching {
  readonly policy: ModulePolicy;
  readonly specifier: string;
  readonly wanted: Wanted;
  readonly inherited: PackageGrant;
  readonly signal: AbortSignal;
}

async function fetchModule(parts: ModuleImportsParts, fetching: Fetching): Promise<CachedModule> {
  const { policy, wanted, signal } = fetching;
  const guard: Guard = {
    what: "import",
    ...guardOf(fetching),
    timeoutMs: policy.timeoutMs,
    maxResponseBytes: Math.min(policy.maxModuleBytes, parts.maxModuleBytes),
    resolve: parts.resolve,
  };
  const headers = [
    ["user-agent", userAgent],
    ["accept-encoding", understoodEncodings],
  ] as const;
  const request = { method: "GET", url: wanted.url, headers, body: undefined };
  const { response, url, content } = await exchangeGuarded(request, { guard, redirect: "follow", signal });
  if (response.status < 200 || response.status > 299)
    throw new CallError(`import failed: GET ${shortened(url.href)}: ${response.status} ${response.statusText}`);
  const type = response.headers.find(([name]) => name.toLowerCase() === "content-type")?.[1] ?? "";
  return { url, content, isJson: jsonType.test(type) };
}

function guardOf({ policy, specifier, wanted, inherited }: Fetching): Pick<Guard, "judge" | "denial"> {
  const refused: Guard["denial"] = (_request, reason, from) => {
    const way = from === undefined ? "" : ` (redirected from ${shortened(from.url.href)})`;
    return denial(specifier, reason + way);
  };
  return {
    denial: refused,
    judge(request, from) {
      const verdict = judgeModule(policy, { ...wanted, url: request.url }, inherited);
      if (typeof verdict === "string") throw refused(request, verdict, from);
      const { allowedBy, grant } = verdict;
      // A base whose host is an address was meant as that address.
      const named = grant.length > 0 ? Object.values(policy.bases).map(({ hostname }) => hostname) : [];
      return (address) =>
        named.includes(address) || named.includes(`[${address}]`)
          ? undefined
          : refuseAddress(allowedBy, request.url, address);
    },
  };
}

/** A cache that cannot be written is none: the module is here. */
async function keep({ cache, log }: ModuleImportsParts, url: URL, found: CachedModule): Promise<void> {
  try {
    await cache.keep(url, found);
  } catch (error) {
    log.warn(
      { err: error, url: url.href },
      "a module that a script imports could not be kept; it is fetched again next time",
    );
  }
}

/** JSON is data, whatever it holds: only its text becomes part of a program. What is wanted as JSON has to be. */
function engineModule({ url, isJson, content }: CachedModule, type: "json" | undefined): ImportedModule["value"] {
  const source = new TextDecoder().decode(content);
  if (!isJson && type !== "json") return { name: url.href, source };
  try {
    JSON.parse(source);
  } catch {
    throw new CallError(`${shortened(url.href)} is no JSON`);
  }
  return { name: `${url.href}#json`, source: `export default JSON.parse(${JSON.stringify(source)});` };
}
