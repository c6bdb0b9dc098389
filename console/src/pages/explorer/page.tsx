/** The APIs that the yard serves: their documents, and pages to try them on. */
import { Page, Panel } from "../../components/page.tsx";
import styles from "./explorer.module.css";

const apis = [
  {
    name: "Runyard",
    path: "/openapi/yard.json",
    what: "Lists over all that runs, the overview, the search, live changes.",
  },
  { name: "App Mesh", path: "/openapi/appmesh.json", what: "Apps: programs that the yard keeps running." },
  { name: "Wrenn", path: "/openapi/wrenn.json", what: "Capsules, templates, teams, keys, hosts and channels." },
  { name: "Mitosis", path: "/openapi/mitosis.json", what: "Tasks, workers, artifacts." },
  { name: "mcp-v8", path: "/openapi/mcp-v8.json", what: "Scripts with memory, heaps and file snapshots." },
  { name: "Dockmesh", path: "/openapi/dockmesh.json", what: "Stacks, containers, users, roles, alerts and settings." },
] as const;

export default function ExplorerPage() {
  return (
    <Page title="API explorer" subtitle="All that this console does, programs can do, too">
      <Panel>
        <div className={styles.open}>
          <p>
            The explorer shows every operation of every API, and sends requests from there. It knows no login of this
            page: paste a token into <em>Authorize</em>.
          </p>
          <a className={styles.link} href="/docs" target="_blank" rel="noreferrer">
            Open the explorer
          </a>
        </div>
      </Panel>
      <Panel title="Documents" isFlush>
        <ul className={styles.apis}>
          {apis.map(({ name, path, what }) => (
            <li key={name}>
              <strong>{name}</strong>
              <span>{what}</span>
              <a href={path} target="_blank" rel="noreferrer">
                {path}
              </a>
            </li>
          ))}
        </ul>
      </Panel>
    </Page>
  );
}
