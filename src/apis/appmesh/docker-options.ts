/** What `APP_DOCKER_OPTS` says of an application's container, in the words of `docker run`. Only what is listed is taken: whoever may add applications may not
 *  reach the files, devices or settings of the host through the engine, which knows no users. */
import { split } from "shlex";
import type { AppContainer } from "../../apps/app.ts";
import { YardError } from "../../platform/errors.ts";

export const optionsVariable = "APP_DOCKER_OPTS";
const field = `env.${optionsVariable}`;

type Options = Omit<AppContainer, "image">;
type Effect = (options: Options, value: string) => Options;

const withValue: Readonly<Record<string, Effect>> = {
  network: (options, network) => ({ ...options, network: networkOf(network) }),
  user: (options, user) => ({ ...options, user }),
  hostname: (options, hostname) => ({ ...options, hostname }),
  "add-host": (options, host) => ({ ...options, extraHosts: [...(options.extraHosts ?? []), host] }),
  env: (options, variable) => ({ ...options, env: { ...options.env, ...variableOf(variable) } }),
  publish: (options, text) => {
    const { inside, ...place } = portOf(text);
    return { ...options, ports: { ...options.ports, [inside]: [...(options.ports?.[inside] ?? []), place] } };
  },
};
const sameAs: Readonly<Record<string, string>> = {
  ...{ net: "network", u: "user", h: "hostname", e: "env", p: "publish" },
};
/** Of running it by hand: the yard sees to it. */
const without: ReadonlySet<string> = new Set(["rm", "d", "detach", "i", "interactive", "init", "q", "quiet"]);

/** @throws {YardError} precondition, naming an option that is not taken; invalid */
export function dockerOptionsOf(text: string): Options {
  let options: Options = {};
  const words = wordsOf(text);
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    const { name, attached } = optionIn(word);
    if (without.has(name)) {
      if (attached !== undefined && !word.startsWith("--")) words.unshift(`-${attached}`); // several letters in one word
      continue;
    }
    const effect = withValue[sameAs[name] ?? name];
    if (!effect) throw refused(`the option ${word.split("=")[0]} is not taken for containers of applications`);
    const value = attached ?? words.shift();
    if (value === undefined) throw invalid(`${word} needs a value`);
    options = effect(options, value);
  }
  return options;
}

/** `--name=value`, `--name`, `-pvalue`, `-p`. */
function optionIn(word: string): { readonly name: string; readonly attached?: string } {
  const long = /^--([a-z][a-z-]*)(?:=(.*))?$/s.exec(word);
  if (long) return { name: long[1] ?? "", attached: long[2] };
  const [, letter, rest] = /^-([a-z])(.*)$/s.exec(word) ?? [];
  if (letter === undefined) throw invalid(`${word} is no option`);
  return { name: letter, attached: rest === "" ? undefined : rest };
}

function wordsOf(text: string): string[] {
  try {
    return split(text);
  } catch (error) {
    throw invalid("has a quote that is not closed", error);
  }
}

function networkOf(name: string): string {
  if (!/^[a-zA-Z0-9][\w.-]*$/.test(name)) throw refused(`the network ${name} is not taken: name one of the engine's`);
  return name;
}

function variableOf(text: string): Readonly<Record<string, string>> {
  const at = text.indexOf("=");
  if (at < 1) throw refused(`-e ${text} would take its value from the server: write it as ${text}=value`);
  return { [text.slice(0, at)]: text.slice(at + 1) };
}

/** `80`, `8080:80`, `127.0.0.1:8080:80/udp`. */
function portOf(text: string) {
  const found = /^(?:(?:(\[[0-9a-f:]+\]|[\d.]+):)?(\d{1,5})?:)?(\d{1,5})(?:\/(tcp|udp|sctp))?$/i.exec(text);
  const [, hostIp, hostPort, port, protocol = "tcp"] = found ?? [];
  if (port === undefined || [hostPort ?? port, port].some((one) => Number(one) < 1 || Number(one) > 65_535)) {
    throw invalid(`-p ${text} is no port such as 8080:80`);
  }
  return {
    inside: `${port}/${protocol.toLowerCase()}`,
    ...(hostIp && { hostIp: hostIp.replace(/^\[|\]$/g, "") }),
    ...(hostPort && { hostPort: Number(hostPort) }),
  };
}

function refused(message: string): YardError {
  return new YardError("precondition", message, { field });
}

function invalid(message: string, cause?: unknown): YardError {
  return new YardError("invalid", message, { field, cause });
}
