/** Ends what was started in a container for somebody who has left. Engines have no call for that: whoever closes the connection of an exec leaves its process
 *  running, on a terminal that nobody holds. So each is started with a mark in its environment, by which a second command finds it from inside. */
import type { Engine } from "../../platform/docker/engine.ts";

const variable = "RUNYARD_EXEC";

/** For the environment of what is started. @param id known to nobody else */
export function markOf(id: string): string {
  return `${variable}=${id}`;
}

/** As a terminal that is hung up does: its session's first process is told so, and ended if it stays. At its end the kernel tells those in the foreground; who
 *  has begun a session of its own, as daemons do, lives on. What was about to start when its client left is looked for again. Numbers after the last `)` of
 *  /proc/N/stat: 4 is the session. */
const script = `
mark=$1
is_marked() {
  case $(cat "/proc/$1/environ") in *"$mark"*) return 0 ;; esac
  return 1
}
for attempt in 1 2 3; do
  for directory in /proc/[0-9]*; do
    pid=\${directory#/proc/}
    is_marked "$pid" || continue
    facts=$(cat "/proc/$pid/stat")
    set -- \${facts##*) }
    [ "$4" = "$pid" ] || continue
    kill -HUP "$pid"
    kill -CONT "$pid"
    sleep 1
    is_marked "$pid" && kill -KILL "$pid"
    exit
  done
  sleep 1
done 2>/dev/null
`;

/** Returns once the command that does it was started. Containers without a shell or /proc have nothing that could do it: there the process ends when it
 *  next reads or writes, or goes on. @throws {YardError} as Engine.call */
export async function hangUp(engine: Engine, container: string, mark: string): Promise<void> {
  const exec = await engine.call("end a process", (docker, abortSignal) =>
    docker.getContainer(container).exec({ Cmd: ["/bin/sh", "-c", script, "sh", mark], abortSignal }),
  );
  await engine.call("end a process", (_, abortSignal) => exec.start({ Detach: true, abortSignal }));
}
