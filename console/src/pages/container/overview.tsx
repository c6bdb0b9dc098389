/** What one wants to know of a container first. */
import { Link } from "wouter";
import { Ago, bytesText } from "../../components/moments.tsx";
import { Facts, Panel } from "../../components/page.tsx";
import styles from "./container.module.css";
import { fieldsOf, listOf, momentOf, type SeenContainer, textOf } from "./seen-container.ts";

export function Overview({ seen, whole }: { seen: SeenContainer; whole: unknown }) {
  const { State, Config, HostConfig, NetworkSettings, Mounts, Created, RestartCount } = fieldsOf(whole);
  const [state, config, limits] = [State, Config, HostConfig].map(fieldsOf) as [Fields, Fields, Fields];
  const networks = Object.entries(fieldsOf(fieldsOf(NetworkSettings).Networks));
  const stack = seen.labels["com.docker.compose.project"];
  const memory = Number(limits.Memory ?? 0);
  const cpus = Number(limits.NanoCpus ?? 0) / 1e9;
  const isUp = seen.state === "running";
  return (
    <>
      <Panel title="How it is">
        <Facts
          facts={{
            [isUp ? "Started" : "Ended"]: <Moment at={momentOf(isUp ? state.StartedAt : state.FinishedAt)} />,
            Made: <Moment at={momentOf(Created)} />,
            "Exit code": isUp ? undefined : String(state.ExitCode ?? ""),
            "Ended by": state.OOMKilled === true ? "a lack of memory" : undefined,
            Error: textOf(state.Error),
            Restarts: Number(RestartCount ?? 0) > 0 ? String(RestartCount) : undefined,
            "Starts again": textOf(fieldsOf(limits.RestartPolicy).Name),
            Command: <code>{[...listOf(config.Entrypoint), ...listOf(config.Cmd)].map(String).join(" ")}</code>,
            User: textOf(config.User),
            "Memory limit": memory > 0 ? bytesText(memory) : undefined,
            "CPU limit": cpus > 0 ? `${cpus} cores` : undefined,
            Privileged: limits.Privileged === true ? "yes: it can do what its host can" : undefined,
            Stack: stack && <Link href={`/stacks/${encodeURIComponent(stack)}`}>{stack}</Link>,
            Ports: portsOf(NetworkSettings).join(", "),
            Id: <code>{seen.id.slice(0, 12)}</code>,
          }}
        />
      </Panel>
      {networks.length > 0 && (
        <Panel title="Networks">
          <Facts
            facts={Object.fromEntries(
              networks.map(([name, network]) => [name, textOf(fieldsOf(network).IPAddress) || "no address"]),
            )}
          />
        </Panel>
      )}
      {listOf(Mounts).length > 0 && (
        <Panel title="Mounts">
          <ul className={styles.mounts}>
            {listOf(Mounts)
              .map(fieldsOf)
              .map((mount) => (
                <li key={textOf(mount.Destination)}>
                  <code>{textOf(mount.Destination)}</code>
                  <span>
                    {textOf(mount.Type)} {textOf(mount.Name) || textOf(mount.Source)}
                    {mount.RW === false && ", for reading only"}
                  </span>
                </li>
              ))}
          </ul>
        </Panel>
      )}
    </>
  );
}

type Fields = ReturnType<typeof fieldsOf>;

function Moment({ at }: { at: number | undefined }) {
  return at === undefined ? "never" : <Ago at={at} />;
}

function portsOf(networkSettings: unknown): readonly string[] {
  const ports = Object.entries(fieldsOf(fieldsOf(networkSettings).Ports));
  return ports.flatMap(([inside, bindings]) => {
    const outside = listOf(bindings).map(fieldsOf);
    if (outside.length === 0) return [inside];
    return outside.map(({ HostIp, HostPort }) => `${textOf(HostIp)}:${textOf(HostPort)} → ${inside}`);
  });
}
