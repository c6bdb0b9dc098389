/** What is to be done so that the containers of a service become what the file describes. Decides, and does nothing.
 *
 *  | there is | the file wants | plan |
 *  | --- | --- | --- |
 *  | nothing of that number | one | create |
 *  | one that was made of the same | one | keep; start it if it does not run |
 *  | one that was made of something else, or is unhealthy or broken | one | replace |
 *  | one to be replaced, and beside it what was to take its place | one | replace, with what is there |
 *  | two of one number otherwise, because a change was cut off | one | keep the one that has the name, or else one that runs; remove the other |
 *  | more than are wanted | fewer | remove the highest numbers | */
import type { ServiceSpec } from "../compose/project.ts";
import type { ActualContainer } from "./actual-state.ts";
import { containerName, incomingName } from "./container-names.ts";

export type ContainerPlan =
  | { readonly kind: "keep"; readonly name: string; readonly existing: ActualContainer }
  | { readonly kind: "create"; readonly name: string; readonly number: number }
  | {
      readonly kind: "replace";
      readonly name: string;
      readonly number: number;
      readonly existing: ActualContainer;
      /** It is made already: what made it was cut off then. */
      readonly successor?: ActualContainer;
    };

export interface ServicePlan {
  readonly service: ServiceSpec;
  readonly configHash: string;
  readonly containers: readonly ContainerPlan[];
  readonly surplus: readonly ActualContainer[];
}

export interface PlanOptions {
  readonly project: string;
  readonly configHash: string;
  readonly replicas: number;
  /** Of the service, in any state. */
  readonly existing: readonly ActualContainer[];
  /** Whether a container must give way, though it was made of the same. */
  mustReplace?(existing: ActualContainer): boolean;
  /** Those that were made of something else stay as they are. */
  readonly keepsOutdated?: boolean;
}

export function planService(service: ServiceSpec, options: PlanOptions): ServicePlan {
  const { project, configHash, replicas, mustReplace = () => false, keepsOutdated = false } = options;
  const existing = options.existing.filter(({ isOneOff }) => !isOneOff);
  const nameFor = (number: number) => containerName(project, service, number);
  const [usable, cutOff] = oneOfEachNumber(existing.filter(isUsable), nameFor);
  const kept = usable.slice(0, replicas);
  const isCurrent = (one: ActualContainer) => one.configHash === configHash && !mustReplace(one);
  const isFine = (one: ActualContainer) =>
    one.health !== "unhealthy" && (isCurrent(one) || (keepsOutdated && !mustReplace(one)));

  const containers = [
    ...kept.map((one): ContainerPlan => {
      const name = nameFor(one.number);
      if (isFine(one)) return { kind: "keep", name, existing: one };
      const successor = cutOff.find((other) => other.name === incomingName(one.id, name) && isCurrent(other));
      return { kind: "replace", name, number: one.number, existing: one, ...(successor && { successor }) };
    }),
    ...freeNumbers(kept, replicas - kept.length).map(
      (number): ContainerPlan => ({ kind: "create", name: nameFor(number), number }),
    ),
  ];
  const broken = existing.filter((one) => !isUsable(one));
  const useless = cutOff.filter((one) => !containers.some((plan) => plan.kind === "replace" && plan.successor === one));
  return { service, configHash, containers, surplus: [...broken, ...useless, ...usable.slice(replicas)] };
}

/** One without a number is nobody's replica; one that is dead, or being removed, cannot be started any more. */
function isUsable({ number, state }: ActualContainer): boolean {
  return number > 0 && state !== "dead" && state !== "removing";
}

/** @returns one container for each number in use, in their order, and the others */
function oneOfEachNumber(
  existing: readonly ActualContainer[],
  nameFor: (number: number) => string,
): readonly [readonly ActualContainer[], readonly ActualContainer[]] {
  const rank = ({ name, number, state }: ActualContainer) =>
    Number(name === nameFor(number)) * 2 + Number(state === "running");
  const groups = [...Map.groupBy(existing, ({ number }) => number)].toSorted(([a], [b]) => a - b);
  const best = groups.map(([, group]) => group.reduce((a, b) => (rank(b) > rank(a) ? b : a)));
  return [best, existing.filter((one) => !best.includes(one))];
}

/** The lowest that are not in use. */
function freeNumbers(kept: readonly ActualContainer[], count: number): readonly number[] {
  const taken = new Set(kept.map(({ number }) => number));
  const free: number[] = [];
  for (let number = 1; free.length < count; number++) if (!taken.has(number)) free.push(number);
  return free;
}

/** Whether there is nothing to do at all. */
export function isSettled({ containers, surplus }: ServicePlan): boolean {
  return surplus.length === 0 && containers.every((one) => one.kind === "keep" && isUp(one.existing, one.name));
}

function isUp({ state, health, name }: ActualContainer, wanted: string): boolean {
  return state === "running" && (health === undefined || health === "healthy") && name === wanted;
}
