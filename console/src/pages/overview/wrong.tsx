/** What somebody should look at, or that nothing is. */
import { Link } from "wouter";
import { Ago } from "../../components/moments.tsx";
import { Panel } from "../../components/page.tsx";
import { Status } from "../../components/status.tsx";
import { placeOf } from "../../places.ts";
import styles from "./overview.module.css";
import type { Overview, WrongItem } from "./overview.ts";

export function Wrong({ wrong: { items, counts } }: Pick<Overview, "wrong">) {
  if (items.length === 0)
    return (
      <p className={styles.well}>
        <Status tone="good">all well</Status> Nothing needs you now.
      </p>
    );
  const all = Object.values(counts).reduce((sum, count) => sum + count, 0);
  return (
    <Panel title="Wrong now" isFlush>
      <ul className={styles.list}>
        {items.map((item) => (
          <Item key={`${item.kind} ${item.id}`} item={item} />
        ))}
        {all > items.length && <li className={styles.item}>And {(all - items.length).toLocaleString()} more.</li>}
      </ul>
    </Panel>
  );
}

function Item({ item: { severity, kind, id, name, what, since, where } }: { item: WrongItem }) {
  const place = placeOf({ kind, id, name });
  return (
    <li className={styles.item}>
      <Status tone={severity === "error" ? "bad" : "warn"}>{kind}</Status>
      <span className={styles.what}>
        {place === undefined ? <strong>{name}</strong> : <Link href={place}>{name}</Link>} {what}
        {where !== null && <span className={styles.where}> · {where}</span>}
      </span>
      {since !== null && <Ago at={since} />}
    </li>
  );
}
