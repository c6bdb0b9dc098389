/** How many of each kind there are, by what they do. */
import { Link } from "wouter";
import { useSelf } from "../../api/use-self.ts";
import { countText } from "../../components/moments.tsx";
import { mayOpen, routes } from "../../routes.ts";
import styles from "./overview.module.css";
import type { Overview } from "./overview.ts";

type Words = Readonly<Record<string, (count: number) => string>>;

/** For states whose own word is none. */
const words: Words = {
  failedLastHour: (count) => `${countText(count)} failed in the last hour`,
  unreachableHosts: (count) => `${countText(count)} ${count === 1 ? "host" : "hosts"} out of reach`,
};

export function Runs({ runs }: Pick<Overview, "runs">) {
  const { apps, capsules, tasks, executions, containers, stacks, hosts } = runs;
  return (
    <ul className={styles.tiles} aria-label="What runs">
      <Tile title="Apps" href="/apps" counts={apps} main="running" />
      <Tile title="Capsules" href="/capsules" counts={capsules} main="running" />
      <Tile title="Tasks" href="/tasks" counts={tasks} main="running" />
      <Tile title="Scripts" href="/scripts" counts={executions} main="running" />
      <Tile title="Stacks" href="/stacks" counts={stacks} main="deployed" />
      <Tile title="Containers" href="/containers" counts={containers} main="running" />
      <Tile title="Hosts" href="/hosts" counts={hosts} main="online" />
    </ul>
  );
}

interface TileProps {
  readonly title: string;
  readonly href: string;
  /** By state; null for what the caller may not see. */
  readonly counts: Readonly<Record<string, number>> | null;
  /** The state that is told large. */
  readonly main: string;
}

function Tile({ title, href, counts, main }: TileProps) {
  const self = useSelf();
  if (counts === null) return null;
  const others = Object.entries(counts).filter(([state, count]) => state !== main && count > 0);
  const hasPage = routes.some((route) => route.path === href && mayOpen(route, self));
  return (
    <li className={styles.tile}>
      <h2>{hasPage ? <Link href={href}>{title}</Link> : title}</h2>
      <p>
        <span className={styles.number}>{countText(counts[main] ?? 0)}</span> {main}
      </p>
      {others.map(([state, count]) => (
        <p key={state} className={styles.others}>
          {words[state]?.(count) ?? `${countText(count)} ${state}`}
        </p>
      ))}
    </li>
  );
}
