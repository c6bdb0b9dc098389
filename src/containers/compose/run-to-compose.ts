/** A `docker run` command line as a Compose file. What there is no word for becomes a warning, and nothing is guessed. */
import { split } from "shlex";
import { YardError } from "../../platform/errors.ts";
import { composeText, type ServiceText } from "./compose-text.ts";
import { splitPair } from "./reader.ts";
import { alone, type Draft, meaningless, short, unknownWithValue, withValue } from "./run-options.ts";

export interface Converted {
  readonly yaml: string;
  readonly warnings: readonly string[];
}

const maxCommandLength = 64 * 1024;

/** @throws {YardError} invalid, when it names no image */
export function convertRun(command: string): Converted {
  const words = wordsOf(command);
  const warnings: string[] = [];
  const draft: Draft = { parts: {}, networks: new Set(), aliases: [], health: {} };
  const rest = readOptions(words, draft, warnings);
  const [image, ...args] = rest;
  if (image === undefined || !/^[\w./:@-]{1,512}$/.test(image)) {
    throw new YardError("invalid", "no image was found in it: it must be like docker run -p 8080:80 nginx", {
      field: "command",
    });
  }
  const { networks, aliases, parts } = draft;
  const service: ServiceText = {
    image,
    ...parts,
    ...(args.length > 0 && { command: args }),
    networks: aliases.length > 0 ? Object.fromEntries([...networks].map((name) => [name, { aliases }])) : [...networks],
    healthcheck: draft.health,
  };
  const yaml = composeText({
    services: { [serviceName(parts.container_name, image)]: service },
    // What a command line names is there already.
    networks: Object.fromEntries([...networks].map((name) => [name, { external: true }])),
    volumes: Object.fromEntries(namedVolumes(parts.volumes).map((name) => [name, { name }])),
  });
  return { yaml, warnings };
}

function wordsOf(command: string): string[] {
  if (command.length > maxCommandLength) throw new YardError("too_large", "it is too long", { field: "command" });
  try {
    const words = split(command.replaceAll(/\\\r?\n/g, " ").trim());
    if (words[0] === "sudo") words.shift();
    const isWhole = words[0] === "docker" || words[0] === "podman";
    if (isWhole) words.shift();
    if (words[0] === "container") words.shift();
    if (words[0] === "run" || words[0] === "create") words.shift();
    else if (isWhole) return []; // another command
    return words;
  } catch (cause) {
    throw new YardError("invalid", "it has a quote that does not end", { field: "command", cause });
  }
}

/** @returns what is behind the options */
function readOptions(words: readonly string[], draft: Draft, warnings: string[]): readonly string[] {
  let at = 0;
  while (at < words.length && words[at]!.startsWith("-")) {
    const word = words[at++]!;
    if (word === "--") break;
    for (const { name, attached } of optionsIn(word)) {
      const takesValue = name in withValue || unknownWithValue.includes(name);
      const value = attached ?? (takesValue ? (words[at++] ?? "") : "true");
      const effect = withValue[name] ?? alone[name];
      if (effect !== undefined) effect(draft, value);
      else if (!meaningless.includes(name)) warnings.push(`--${name} is not converted`);
    }
  }
  return words.slice(at);
}

/** `--name=x`, `--name`, `-p80:80`, `-itd`. */
function optionsIn(word: string): readonly { readonly name: string; readonly attached?: string }[] {
  if (word.startsWith("--")) {
    const [name, attached] = splitPair(word.slice(2));
    return [{ name, ...(attached !== undefined && { attached }) }];
  }
  const letters = [...word.slice(1)];
  const valued = letters.findIndex((letter) => (short[letter] ?? "") in withValue);
  const flags = letters
    .slice(0, valued === -1 ? undefined : valued)
    .map((letter) => ({ name: short[letter] ?? letter }));
  if (valued === -1) return flags;
  const attached = letters
    .slice(valued + 1)
    .join("")
    .replace(/^=/, "");
  return [...flags, { name: short[letters[valued]!]!, ...(attached !== "" && { attached }) }];
}

function serviceName(containerName: unknown, image: string): string {
  const base = image.replace(/@.*$/, "").split("/").at(-1)!.replace(/:.*$/, "");
  return typeof containerName === "string" && containerName !== "" ? containerName : base;
}

function namedVolumes(volumes: unknown): readonly string[] {
  const items: readonly unknown[] = Array.isArray(volumes) ? volumes : [];
  const names = items.map((item) => {
    if (typeof item === "string") return item.includes(":") ? item.split(":")[0]! : "";
    const { type, source } = item as { type?: unknown; source?: unknown };
    return type === "volume" && typeof source === "string" ? source : "";
  });
  return [...new Set(names.filter((name) => /^[a-zA-Z0-9]/.test(name)))];
}
