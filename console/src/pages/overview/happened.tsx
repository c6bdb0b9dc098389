/** The last events, newest first. */
import { Link } from "wouter";
import { Empty } from "../../components/empty.tsx";
import { Ago } from "../../components/moments.tsx";
import { placeOf } from "../../places.ts";
import styles from "./overview.module.css";
import type { YardEvent } from "./overview.ts";

export function Happened({ events }: { events: readonly YardEvent[] }) {
  if (events.length === 0) return <Empty title="Nothing has happened yet" />;
  return (
    <ul className={styles.list}>
      {events.map((event) => (
        <Happening key={event.id} event={event} />
      ))}
    </ul>
  );
}

function Happening({ event: { at, topic, subject, data } }: { event: YardEvent }) {
  const { name: known, by, code, signal } = Object(data) as Readonly<Record<string, unknown>>;
  const name = typeof known === "string" ? known : subject;
  const [kind = ""] = topic.split(".");
  const place = placeOf({ kind, id: subject, name });
  const details = [
    typeof code === "number" && `code ${code}`,
    typeof signal === "string" && signal,
    typeof by === "string" && `by ${by}`,
  ].filter(Boolean);
  return (
    <li className={styles.item}>
      <code className={styles.topic}>{topic}</code>
      <span className={styles.what}>
        {place === undefined ? name : <Link href={place}>{name}</Link>}
        {details.length > 0 && <span className={styles.where}> · {details.join(", ")}</span>}
      </span>
      <Ago at={at} />
    </li>
  );
}
