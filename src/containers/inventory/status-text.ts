/** The text beside a container's state (`Up 5 minutes (healthy)`): it changes with time alone, so an inventory has to word it anew at each look.
 *  Worded as Docker does it since 1.10. */

/** Of a container, between two events. */
export interface ContainerMoment {
  readonly status: string;
  readonly startedMs: number;
  readonly finishedMs: number;
  readonly exitCode: number;
  /** Absent: it has no health check. */
  readonly health?: string;
}

/** @param nowMs by the engine's clock */
export function statusText(moment: ContainerMoment, nowMs: number): string {
  const { status, startedMs, finishedMs, exitCode, health } = moment;
  const up = `Up ${durationText(nowMs - startedMs)}`;
  switch (status) {
    case "running":
      return health === undefined ? up : `${up} (${health === "starting" ? "health: starting" : health})`;
    case "paused":
      return `${up} (Paused)`;
    case "restarting":
      return `Restarting (${exitCode}) ${durationText(nowMs - finishedMs)} ago`;
    case "exited":
      return `Exited (${exitCode}) ${durationText(nowMs - finishedMs)} ago`;
    case "removing":
      return "Removal In Progress";
    case "dead":
      return "Dead";
    default:
      return "Created";
  }
}

const [minute, hour, day] = [60, 3_600, 86_400];

/** Steps of one unit each: up to how many seconds, in what unit. */
const steps = [
  { below: minute, seconds: 1, name: "seconds" },
  { below: hour, seconds: minute, name: "minutes" },
  { below: 48 * hour, seconds: hour, name: "hours" },
  { below: 14 * day, seconds: day, name: "days" },
  { below: 60 * day, seconds: 7 * day, name: "weeks" },
  { below: 730 * day, seconds: 30 * day, name: "months" },
  { below: Number.POSITIVE_INFINITY, seconds: 365 * day, name: "years" },
] as const;

function durationText(ms: number): string {
  const seconds = Math.floor(ms / 1_000);
  if (seconds < 1) return "Less than a second";
  if (seconds === 1) return "1 second";
  if (seconds >= minute && seconds < 2 * minute) return "About a minute";
  // Hours, and what is counted in them up to months, are rounded; the rest is cut.
  const rounded = seconds < hour || seconds >= 730 * day ? seconds : Math.floor(seconds / hour + 0.5) * hour;
  if (rounded === hour && seconds >= hour) return "About an hour";
  const step = steps.find(({ below }) => rounded < below) ?? steps[6];
  return `${Math.floor(rounded / step.seconds)} ${step.name}`;
}

/** Until when a text stays the same if nothing happens to the container, milliseconds by the engine's clock; perhaps longer. Every text turns on a whole second
 *  of what it counts, and from the first minute on on a whole minute. */
export function sameUntilMs({ status, startedMs, finishedMs }: ContainerMoment, nowMs: number): number {
  if (!counted.has(status)) return Number.POSITIVE_INFINITY;
  const sinceMs = status === "running" || status === "paused" ? startedMs : finishedMs;
  const ageMs = nowMs - sinceMs;
  const stepMs = ageMs < minute * 1_000 ? 1_000 : minute * 1_000;
  return sinceMs + (Math.floor(ageMs / stepMs) + 1) * stepMs;
}

/** States whose text tells for how long. */
const counted: ReadonlySet<string> = new Set(["running", "paused", "restarting", "exited"]);

/** As sure as clocks and the time that a call takes let anybody be. */
const slackMs = 2_000;

/** Whether an engine that words as we do could have said so between these two times. Another kind of engine may word it in its own way. */
export function couldHaveSaid(text: string, moment: ContainerMoment, fromMs: number, toMs: number): boolean {
  for (let ms = fromMs - slackMs; ms <= toMs + slackMs; ms += 500) if (statusText(moment, ms) === text) return true;
  return false;
}
