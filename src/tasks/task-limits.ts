/** How large tasks and workers may be. Generous for people and programs, small enough that no single one can hurt. */
import { YardError } from "../platform/errors.ts";
import type { NewTask, TaskSpec } from "./task.ts";

const most = { tags: 64, labels: 64, arguments: 10_000, variables: 2_000, resources: 1_000 };
const longest = { tag: 255, label: 255, name: 1_024, path: 4_096 };
/** Of a spec as JSON, in bytes: what one `exec` may hand to a command is 2 MiB on Linux, 128 KiB per argument. */
const largestSpecBytes = 256 * 1024;
const longestTimeoutSeconds = 10 * 365 * 86_400;
const priorities = { min: -(2 ** 31), max: 2 ** 31 - 1 };

export const limits = {
  /** Tasks of a team that are not over. */
  openTasksPerTeam: 2_000_000,
  /** In one call. */
  tasksPerClaim: 1_000,
  reportsPerCall: 1_000,
  /** In one list; the rest comes with the next pages. */
  listed: 10_000,
  /** Claims of one worker that wait at the same time. */
  waitsPerWorker: 64,
  teamsPerWorker: 1_000,
} as const;

/** @throws {YardError} invalid */
export function checkNewTask(task: NewTask): void {
  checkTags(task.tags);
  checkLabels(task.labels);
  checkTimeout(task.timeoutSeconds);
  checkPriority(task.priority);
  checkSpec(task.spec);
}

export function checkTags(tags: readonly string[]): void {
  checkWords("tags", tags, { most: most.tags, longest: longest.tag });
}

export function checkLabels(labels: readonly string[]): void {
  checkWords("labels", labels, { most: most.labels, longest: longest.label });
}

export function checkTimeout(seconds: number): void {
  if (Number.isInteger(seconds) && seconds >= 0 && seconds <= longestTimeoutSeconds) return;
  throw invalid("timeout", "timeout must be from 0 seconds to 10 years.");
}

export function checkPriority(priority: number): void {
  if (Number.isInteger(priority) && priority >= priorities.min && priority <= priorities.max) return;
  throw invalid("priority", "priority must be a whole number of 32 bits.");
}

export function checkSpec(spec: TaskSpec): void {
  const variables = Object.entries(spec.env);
  requireAtMost("argv", spec.argv.length, most.arguments);
  requireAtMost("env", variables.length, most.variables);
  requireAtMost("resources", spec.resources.length, most.resources);
  if (spec.argv.some(hasNul)) throw invalid("argv", "Arguments cannot hold a NUL character.");
  for (const [name, value] of variables) checkVariable(name, value);
  for (const { from, path } of spec.resources) {
    checkPath(path);
    if (from.kind === "attachment" && (from.key.length > longest.name || from.key === "" || hasNul(from.key)))
      throw invalid("resources", `The key of an attachment has 1 to ${longest.name} characters.`);
  }
  const bytes = Buffer.byteLength(JSON.stringify(spec));
  if (bytes > largestSpecBytes)
    throw invalid(
      "spec",
      `The task has ${bytes} bytes, ${largestSpecBytes} are allowed. Put what is large into an attachment.`,
    );
}

function checkVariable(name: string, value: string): void {
  const isName = name !== "" && name.length <= longest.name && !name.includes("=") && !hasNul(name);
  if (!isName) throw invalid("env", `${shown(name)} cannot be the name of a variable.`);
  if (hasNul(value)) throw invalid("env", `The variable ${shown(name)} cannot hold a NUL character.`);
}

/** Where a resource is put must be below the task's own directory, whatever the worker makes of it. */
function checkPath(path: string): void {
  const isBelow = path !== "" && !path.startsWith("/") && !path.split(/[/\\]/).includes("..");
  if (isBelow && path.length <= longest.path && !hasNul(path)) return;
  throw invalid("resources", `${shown(path)} is no place for a resource: name a relative path without "..".`);
}

function checkWords(field: string, words: readonly string[], bounds: { most: number; longest: number }): void {
  requireAtMost(field, words.length, bounds.most);
  for (const word of words) {
    if (word !== "" && word.length <= bounds.longest && !hasNul(word)) continue;
    throw invalid(field, `${shown(word)} cannot be one of the ${field}: they have 1 to ${bounds.longest} characters.`);
  }
}

function requireAtMost(field: string, count: number, bound: number): void {
  if (count > bound) throw invalid(field, `${count} ${field} are too many: ${bound} are allowed.`);
}

/** PostgreSQL's text cannot hold it, nor can the arguments of a process. */
function hasNul(text: string): boolean {
  return text.includes("\0");
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 80));
}

function invalid(field: string, message: string): YardError {
  return new YardError("invalid", message, { field });
}
